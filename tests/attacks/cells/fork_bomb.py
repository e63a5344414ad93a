# Tries: to fork until the machine stands still
# Expects: ok
import os

for _ in range(1000):
    try:
        os.fork()
        print("ESCAPED")
    except OSError:
        continue
