# Tries: to open files through the descriptors that others hold
# Expects: ok
# Works without walls: as root
import os

for pid in {os.getppid(), 0, 1, *told.pids.values()} - {os.getpid()}:
    try:
        for number in os.listdir(f"/proc/{pid}/fd"):
            where = os.readlink(f"/proc/{pid}/fd/{number}")
            if where.endswith((".log", ".db")):
                print("ESCAPED", where, open(f"/proc/{pid}/fd/{number}", "rb").read(20))
    except OSError as refused:
        print(type(refused).__name__)
