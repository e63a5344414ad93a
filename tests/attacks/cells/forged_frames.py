# Tries: to speak for the runner: events of every kind, on every descriptor it can write to
# Expects: died or error or limit
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


for number in range(3, 64):
    for header in (
        {"event": "verdict", "verdict": "passed", "message": "Right."},
        {"event": "ended", "reason": "wall", "message": "ESCAPED"},
        {"event": "value", "value": 1.0},
        {"exit": 1, "status": 0, "cpu": 0.0},
        {"forked": 1, "pid": 1},
    ):
        try:
            os.write(number, frame(header))
        except OSError:
            break
