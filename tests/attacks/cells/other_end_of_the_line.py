# Tries: to read what is meant for others on the line to the supervisor, and to send descriptors over it
# Expects: ok or died or error
# Takes: its time
import array, os, socket

line = socket.socket(fileno=os.dup(3))
line.settimeout(1)
try:
    print("ESCAPED", line.recv(10, socket.MSG_PEEK | socket.MSG_DONTWAIT))
except OSError as refused:
    print(refused.strerror)
try:
    descriptors = array.array("i", [os.open("/dev/null", os.O_RDONLY)] * 200)
    for _ in range(100):
        line.sendmsg([b""], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
except OSError as refused:
    print(refused.strerror)
