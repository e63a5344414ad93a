# Tries: to show outputs of kinds and shapes that nobody checked
# Expects: ok
# Shows: notice, result
import json, os, struct

for output in (
    None, [], "x", {"kind": "html", "html": "<script>"}, {"kind": ["figure"]}, {"kind": "figure", "figure": 3},
    {"kind": "image", "png": "AAAA"}, {"kind": "attention", "shape": [1 << 60, 2, 2]},
    {"kind": "result", "text": {"a": "<script>"}}, {"kind": "figure", "figure": {"data": [{"type": "map"}]}},
):
    text = json.dumps({"event": "output", "output": output}).encode()
    os.write(3, struct.pack(">II", len(text), 0) + text)
