# Tries: to reach a service of this machine
# Expects: ok
# Works without walls: yes
import socket

try:
    with socket.create_connection(("127.0.0.1", told.stream_port), 2) as connection:
        print("ESCAPED", connection.recv(100))
except OSError as refused:
    print(refused.strerror)
