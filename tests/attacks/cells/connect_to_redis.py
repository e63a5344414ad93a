# Tries: to speak to Redis, by its port and by its socket
# Expects: ok
# Works without walls: yes
import socket

for family, where in ((socket.AF_INET, ("127.0.0.1", told.redis_port)), (socket.AF_UNIX, told.redis_socket)):
    try:
        with socket.socket(family) as connection:
            connection.settimeout(2)
            connection.connect(where)
            connection.sendall(b"GET secret\r\n")
            print("ESCAPED", connection.recv(100))
    except OSError as refused:
        print(refused.strerror)
