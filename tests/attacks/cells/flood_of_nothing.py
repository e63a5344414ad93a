# Tries: the same for ever: events that print nothing and count as nothing
# Expects: limit or died
# Takes: its time
import os, struct

text = b'{"event":"text","stream":"stdout","text":""}'
frames = (struct.pack(">II", len(text), 0) + text) * 1000
while True:
    rest = memoryview(frames)
    while rest:
        rest = rest[os.write(3, rest) :]
