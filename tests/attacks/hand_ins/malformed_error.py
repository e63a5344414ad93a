# Tries: to claim an error that is none, beside a right value
# Exercise: double
# Expects: error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


import time


def double(x):
    error = {"type": ["x"], "message": {"not written yet": 1}, "line": True, "traceback": [[]] * 1000}
    os.write(3, frame({"event": "value", "value": 6, "error": error}))
    time.sleep(1)
