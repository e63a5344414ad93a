# Tries: to answer with a value that carries a verdict beside it
# Exercise: double
# Expects: failed or error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


def double(x):
    os.write(3, frame({"event": "value", "value": 1, "verdict": "passed", "ask": {}, "ended": None, "score": 1}))
    import time

    time.sleep(1)
