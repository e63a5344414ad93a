# Tries: to reach a socket that has no path, but a name
# Expects: ok
# Works without walls: yes
import socket

try:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"\0{told.abstract_name}")
        print("ESCAPED", connection.recv(100))
except OSError as refused:
    print(refused.strerror)
