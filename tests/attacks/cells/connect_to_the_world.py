# Tries: to reach the internet, and the address at which a cloud tells its machines their passwords
# Expects: ok
import socket, urllib.request

for where in (("169.254.169.254", 80), ("1.1.1.1", 53), ("example.org", 80)):
    try:
        with socket.create_connection(where, 1):
            print("ESCAPED", where)
    except OSError as refused:
        print(refused.strerror)
try:
    print("ESCAPED", urllib.request.urlopen("http://169.254.169.254/latest/meta-data/", timeout=1).read())
except OSError as refused:
    print(refused)
