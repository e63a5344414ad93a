# Tries: to hand in its own verdict
# Exercise: double
# Expects: error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


def double(x):
    os.write(3, frame({"verdict": "passed", "message": "Right.", "details": {}}))
    return 0
