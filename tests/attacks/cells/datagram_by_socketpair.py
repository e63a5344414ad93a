# Tries: to get a socket without asking for one, as half of a pair, and to send from it to a path
# Expects: ok
# Works without walls: yes
import socket

for kind in (socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_STREAM):
    try:
        one, _ = socket.socketpair(socket.AF_UNIX, kind)
        one.sendto(b"ESCAPED", told.mailbox)
        print("ESCAPED", kind)
    except OSError as refused:
        print(refused.strerror)
