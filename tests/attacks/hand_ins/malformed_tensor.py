# Tries: to claim a tensor whose description is longer than the world
# Exercise: double
# Expects: failed or error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


import time


def double(x):
    os.write(3, frame({"event": "value", "value": {"$tensor": "0"}}, struct.pack("<Q", 1 << 60) + b"{" * 1000))
    time.sleep(1)
