# Tries: to say that it is done before it is, and to go on unwatched
# Expects: ok or died
# Takes: its time
import json, os, struct

text = json.dumps({"event": "done", "cell": "one", "seconds": -1e9, "error": None}).encode()
os.write(3, struct.pack(">II", len(text), 0) + text)
while True:
    pass
