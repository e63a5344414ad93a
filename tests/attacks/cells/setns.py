# Tries: to enter the namespaces of other processes
# Expects: ok
# Works without walls: as root
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for pid in ("self", os.getppid(), 1, *told.pids.values()):
    for name in ("mnt", "net", "pid", "user"):
        try:
            place = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        except OSError as refused:
            print(refused.strerror)
            continue
        got = libc.setns(place, 0)
        print("ESCAPED" if got == 0 else os.strerror(ctypes.get_errno()))
