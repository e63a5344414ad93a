# Tries: to use what was left open: folders, sockets of the supervisor, files
# Expects: ok
import os
import stat

for number in range(256):
    try:
        kind, where = os.fstat(number).st_mode, os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        continue
    if stat.S_ISDIR(kind) and number > 3:
        print("ESCAPED", number, where, os.listdir(number))
    if stat.S_ISSOCK(kind) and number != 3:
        print("ESCAPED", number, where)
    if stat.S_ISREG(kind):
        print("ESCAPED", number, where, os.pread(number, 50, 0))
