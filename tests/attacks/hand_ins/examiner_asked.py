# Tries: to ask the examiner itself for a verdict, at its socket
# Exercise: vault
# Expects: error
import json, socket, struct

text = json.dumps({"op": "variants", "exercise": "largest"}).encode()
line = socket.socket(socket.AF_UNIX)
line.connect(told.examiner_socket)
line.sendall(struct.pack(">II", len(text), 0) + text)
print("ESCAPED", line.recv(1000))


def vault(query):
    return "", query
