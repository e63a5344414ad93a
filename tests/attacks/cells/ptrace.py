# Tries: to take over its parent, and everybody whose number it knows
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for pid in (os.getppid(), 1, 2, *told.pids.values()):
    for request in (16, 0x4206):  # attach, seize
        got = libc.ptrace(request, pid, 0, 0)
        print("ESCAPED" if got == 0 else os.strerror(ctypes.get_errno()))
