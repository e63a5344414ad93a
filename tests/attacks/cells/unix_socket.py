# Tries: to reach a socket by its path: a service's, the examiner's, the runner's own
# Expects: ok
# Works without walls: yes
import socket

for path in (told.door, told.examiner_socket, told.runner_socket, "/var/run/docker.sock"):
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            connection.connect(path)
            print("ESCAPED", path, connection.recv(100) if path == told.door else "")
    except OSError as refused:
        print(refused.strerror)
