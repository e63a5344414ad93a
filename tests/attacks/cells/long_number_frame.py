# Tries: to keep the reader busy with one number of millions of digits
# Expects: limit or died
import os, struct

text = b'{"event":"output","output":' + b"7" * 7_000_000 + b"}"
os.write(3, struct.pack(">II", len(text), 0) + text)
