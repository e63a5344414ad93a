# Tries: to claim an error whose parts are of the wrong kinds and of any size
# Expects: error or died
import json, os, struct

error = {"type": ["x"] * 1000, "message": {"a": 1}, "line": -5, "traceback": 7, "cell": None, "more": "x" * 10**6}
text = json.dumps({"event": "done", "cell": "one", "seconds": "soon", "error": error}).encode()
os.write(3, struct.pack(">II", len(text), 0) + text)
