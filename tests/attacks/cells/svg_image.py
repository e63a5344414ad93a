# Tries: to show a drawing that holds a script as if it were a picture
# Expects: ok
# Shows: notice
import base64, json, os, struct

svg = base64.b64encode(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>").decode()
for output in ({"kind": "image", "png": svg}, {"kind": "image", "svg": svg}, {"kind": "svg", "svg": svg}):
    text = json.dumps({"event": "output", "output": output}).encode()
    os.write(3, struct.pack(">II", len(text), 0) + text)
