# Tries: to leave by the old trick: chroot, keep a folder open, go up
# Expects: ok
# Works without walls: as root
import os

try:
    os.mkdir("inside")
    outside = os.open(".", os.O_RDONLY)
    os.chroot("inside")
    os.fchdir(outside)
    for _ in range(50):
        os.chdir("..")
    print("ESCAPED", open(told.file.lstrip("/")).read())
except OSError as refused:
    print(refused.strerror)
