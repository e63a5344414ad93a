# Tries: to make a device of its own that is the disk
# Expects: ok
import os, stat

try:
    os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(254, 0))
    print("ESCAPED", os.open("disk", os.O_RDONLY))
except OSError as refused:
    print(refused.strerror)
