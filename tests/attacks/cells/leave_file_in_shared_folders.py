# Tries: to leave a file where the next run, or another program of the machine, would find it
# Expects: ok
# Works without walls: yes
import os

own = os.path.realpath(".")
for folder in ("/tmp", "/dev/shm", "/var/tmp", "/run", "/home", "/root", told.folder):
    if os.path.realpath(folder) == own:
        continue
    try:
        with open(f"{folder}/{told.mark}", "w") as file:
            file.write("left")
        os.remove(f"{folder}/{told.mark}")
        print("ESCAPED", folder)
    except OSError as refused:
        print(refused.strerror)
