# Tries: to see the whole machine through another process's root and working folder
# Expects: ok
# Works without walls: as root
import os

for pid in {os.getppid(), 0, 1, *told.pids.values()} - {os.getpid()}:
    for door in ("root", "cwd"):
        try:
            print("ESCAPED", open(f"/proc/{pid}/{door}/{told.file}").read())
        except OSError as refused:
            print(type(refused).__name__)
