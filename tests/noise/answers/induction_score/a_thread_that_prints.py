# Noise: a thread that never stops printing, to both streams, while questions are answered.
import sys
import threading
import time


def chatter():
    while True:
        print("still here")
        print("still here", file=sys.stderr)
        time.sleep(0.001)


threading.Thread(target=chatter, daemon=True).start()


def place_to_read(query, period):
    time.sleep(0.05)
    return query - period + 1
