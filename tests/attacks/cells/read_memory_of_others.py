# Tries: to read the memory of its parents and of those whose numbers it was told
# Expects: ok
# Works without walls: as root
import os

for pid in {os.getppid(), 0, *told.pids.values()} - {os.getpid()}:
    try:
        for line in open(f"/proc/{pid}/maps"):
            if "[heap]" in line:
                with open(f"/proc/{pid}/mem", "rb") as memory:
                    memory.seek(int(line.split("-")[0], 16))
                    print("ESCAPED", pid, memory.read(16))
    except (OSError, ValueError) as refused:
        print(type(refused).__name__)
