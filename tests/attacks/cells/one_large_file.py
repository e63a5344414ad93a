# Tries: to write one file without end, with and without holes
# Expects: error or limit
import os

try:
    os.truncate(os.open("sparse", os.O_CREAT | os.O_RDWR), 1 << 45)
    print("sparse")
except OSError as refused:
    print(refused.strerror)
with open("large", "wb") as file:
    while True:
        file.write(bytes(1 << 20))
