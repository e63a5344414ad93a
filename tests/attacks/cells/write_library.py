# Tries: to leave code in the installed packages, which the next start of anything would run
# Expects: ok
import os, sysconfig

for folder in {*sysconfig.get_paths().values(), told.root, f"{told.root}/workers/lab", "/usr/lib", "/"}:
    try:
        with open(f"{folder}/{told.mark}.pth", "w") as file:
            file.write("import sys")
        print("ESCAPED", folder)
    except OSError as refused:
        print(refused.strerror)
