# Tries: to show a small file that becomes a picture of ten gigabytes in the browser of whoever looks
# Expects: ok
# Shows: notice
import base64, json, os, struct, zlib


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


for width, height in ((50_000, 50_000), (0, 1), (1 << 31, 1)):
    picture = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    picture += chunk(b"IDAT", zlib.compress(bytes(1 << 20), 9)) + chunk(b"IEND", b"")
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n" + picture).decode()
    text = json.dumps({"event": "output", "output": {"kind": "image", "png": png, "alt": "a flower"}}).encode()
    os.write(3, struct.pack(">II", len(text), 0) + text)
