# Tries: to claim the same large tensor a hundred thousand times, to keep the examiner busy
# Exercise: double
# Expects: failed or error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


import time


def double(x):
    many = [{"$tensor": "0"}] * 150_000
    header = json.dumps({"0": {"dtype": "F32", "shape": [15_000_000], "data_offsets": [0, 60_000_000]}}).encode()
    header += b" " * (-len(header) % 8)
    body = struct.pack("<Q", len(header)) + header + bytes(60_000_000)
    rest = memoryview(frame({"event": "value", "value": many}, body))
    while rest:
        rest = rest[os.write(3, rest) :]
    time.sleep(1)
