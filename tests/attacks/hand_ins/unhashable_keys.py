# Tries: to claim a dictionary that cannot be one
# Exercise: double
# Expects: failed or error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


import time


def double(x):
    os.write(3, frame({"event": "value", "value": {"$dict": [[[1], 2], [{"$dict": []}, 3]]}}))
    time.sleep(1)
