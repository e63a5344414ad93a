# Tries: to print without end on the descriptors beneath Python's streams
# Expects: limit
# Says: printed more than
import os

while True:
    os.write(1, b"x" * 4096)
    os.write(2, b"y" * 4096)
