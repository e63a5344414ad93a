# Tries: to confuse the reader of frames with bytes that are none
# Expects: limit or died
# Says: malformed
import os

os.write(3, b"\xff" * 64)
