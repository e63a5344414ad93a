# Tries: to hold its place while it does nothing
# Expects: limit
# Says: Stopped after
# Takes: its time
import time

while True:
    try:
        time.sleep(1000)
    except BaseException:
        pass
