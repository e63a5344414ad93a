# Tries: to send a datagram, which needs no connection
# Expects: ok
# Works without walls: yes
import socket

try:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(2)
        sender.sendto(b"hello", ("127.0.0.1", told.datagram_port))
        print("ESCAPED", sender.recv(100))
except OSError as refused:
    print(refused.strerror)
