# Tries: to make its parent sleep for ever
# Expects: ok
import os, signal

for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTERM, signal.SIGXCPU):
    try:
        if os.getppid():
            os.kill(os.getppid(), number)
            print("ESCAPED", number)
    except OSError as refused:
        print(refused.strerror)
