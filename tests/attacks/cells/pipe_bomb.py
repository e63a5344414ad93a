# Tries: to fill the kernel's memory with pipes and pairs of sockets
# Expects: ok
import os, socket

held = []
try:
    while True:
        pair = os.pipe()
        held.append(pair)
        os.set_blocking(pair[1], False)
        os.write(pair[1], bytes(1 << 16))
except OSError as refused:
    print(refused.strerror, len(held) < 1000)
