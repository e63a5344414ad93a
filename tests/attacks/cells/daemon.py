# Tries: to survive as a daemon, twice forked, in a session of its own
# Expects: ok
import os, time

try:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    print("ESCAPED")
except OSError as refused:
    print(refused.strerror)
