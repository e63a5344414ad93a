# Tries: to answer the next question before it is asked
# Exercise: double
# Expects: error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


def double(x):
    one = frame({"event": "value", "value": 5})
    os.write(3, one * 3)
    return 0
