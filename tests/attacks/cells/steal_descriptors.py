# Tries: to take open files and sockets out of other processes
# Expects: ok
# Works without walls: as root
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for pid in {os.getppid(), 1, *told.pids.values()} - {0, os.getpid()}:
    try:
        process = os.pidfd_open(pid)
    except OSError as refused:
        print(refused.strerror)
        continue
    for number in range(1, 12):
        got = libc.syscall(438, process, number, 0)
        if got >= 0:
            print("ESCAPED", pid, os.readlink(f"/proc/self/fd/{got}"))
        else:
            print(os.strerror(ctypes.get_errno()))
