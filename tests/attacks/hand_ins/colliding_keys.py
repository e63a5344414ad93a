# Tries: to claim a dictionary whose keys all collide, to keep the examiner busy
# Exercise: double
# Expects: failed or error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


import time

MODULUS = (1 << 61) - 1


def double(x):
    pairs = [[number * MODULUS, 0] for number in range(1, 150_000)]
    rest = memoryview(frame({"event": "value", "value": {"$dict": pairs}}))
    while rest:
        rest = rest[os.write(3, rest) :]
    time.sleep(1)
