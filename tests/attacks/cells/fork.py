# Tries: to have a second process, which could outlive it
# Expects: ok
# Works without walls: yes
import os

for fork in (os.fork, os.forkpty):
    try:
        got = fork()
        pid = got if isinstance(got, int) else got[0]
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        print("ESCAPED", pid)
    except OSError as refused:
        print(refused.strerror)
