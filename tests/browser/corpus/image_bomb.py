"""A PNG of some kilobytes that unpacks to many megabytes, and says that it has four pixels."""

import base64
import struct
import zlib


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


_PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0))
    + _chunk(b"tEXt", b"Comment\x00<script>window.__pwned=1</script>")
    + _chunk(b"IDAT", zlib.compress(bytes(40 << 20), 9))
    + _chunk(b"IEND", b"")
)
OUTPUT = {"kind": "image", "png": base64.b64encode(_PNG).decode(), "alt": "a bomb"}
