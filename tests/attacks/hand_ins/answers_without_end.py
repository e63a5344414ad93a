# Tries: to answer every question at once, from a thread that never stops
# Exercise: double
# Expects: failed or error
import json, os, struct


def frame(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack(">II", len(text), len(body)) + text + body


import threading, time


def flood():
    while True:
        os.write(3, frame({"event": "value", "value": 5}))
        time.sleep(0.001)


def double(x):
    threading.Thread(target=flood, daemon=True).start()
    time.sleep(1)
    return 0
