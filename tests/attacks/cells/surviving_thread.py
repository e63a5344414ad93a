# Tries: to leave threads behind that work on when the cell is over, and print into the next one
# Expects: ok
import threading, time


def work():
    while True:
        time.sleep(0.01)
        print(".", end="", flush=True)


for _ in range(3):
    threading.Thread(target=work, daemon=False).start()
