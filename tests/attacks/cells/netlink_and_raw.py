# Tries: sockets that are no connections: the kernel's own, raw packets, virtual machines', keys
# Expects: ok
# Works without walls: as root
import socket

for family, kind in ((16, 3), (17, 3), (2, 3), (40, 1), (38, 5), (21, 5), (10, 2)):
    try:
        print("ESCAPED", family, socket.socket(family, kind).fileno())
    except OSError as refused:
        print(refused.strerror)
