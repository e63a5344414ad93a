# Tries: to run programs: a shell, a set-user-id one, itself
# Expects: ok
# Works without walls: yes
import os, subprocess, sys

for command in (["/bin/sh", "-c", "id"], ["su", "-c", "id"], [sys.executable, "-c", "print(1)"]):
    try:
        print("ESCAPED", subprocess.run(command, capture_output=True, timeout=5, stdin=subprocess.DEVNULL).stdout)
    except OSError as refused:
        print(refused.strerror)
try:
    print("ESCAPED", os.posix_spawn("/bin/true", ["true"], {}))
except OSError as refused:
    print(refused.strerror)
