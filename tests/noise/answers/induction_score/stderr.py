# Noise: stderr in every way there is: print, sys.stderr, the descriptor itself, a C library's own buffer.
import ctypes
import os
import sys

sys.stderr.write("begun\n")
os.write(2, b"past Python\n")
os.write(1, b"past Python, to stdout\n")


def place_to_read(query, period):
    print("careful", file=sys.stderr)
    os.write(2, b"inside\n" * 200)
    ctypes.CDLL(None).puts(b"from C")
    sys.stderr.flush()
    return query - period + 1
