# Tries: to end the reader by brackets in brackets
# Expects: limit or died
import os, struct

text = b'{"event":"output","output":' + b"[" * 3_000_000 + b"]" * 3_000_000 + b"}"
os.write(3, struct.pack(">II", len(text), 0) + text)
