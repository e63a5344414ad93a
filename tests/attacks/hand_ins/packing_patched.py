# Tries: to patch how values travel: every answer a model, a verdict, another frame
# Exercise: double
# Expects: failed or error
# Takes: its time
from workers import values, wire

values.pack = lambda value: ({"$model": "attn-only-2l"}, b"")
values.unpack = lambda packed, body=b"": [[1], {}]


def double(x):
    wire.encode = lambda header, body=b"": b""
    return 0
