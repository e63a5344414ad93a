# Tries: to close the line on which it is watched, and to go on
# Expects: died
# Says: closed the line
# Takes: its time
import os

os.close(3)
while True:
    pass
