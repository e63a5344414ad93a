# Tries: to close the line in the middle of a question
# Exercise: double
# Expects: error
# Takes: its time
import os


def double(x):
    os.close(3)
    while True:
        pass
