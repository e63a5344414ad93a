# Tries: to open a port to the outside
# Expects: ok
# Works without walls: yes
import socket

try:
    with socket.create_server(("127.0.0.1", 0)) as server:
        print("ESCAPED", server.getsockname())
except OSError as refused:
    print(refused.strerror)
