# Tries: to lift its own limits, and to lower those of others
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
import resource

for kind in range(16):
    soft, hard = resource.getrlimit(kind)
    if hard == -1:
        continue
    try:
        resource.setrlimit(kind, (hard, hard + 1))
        print("ESCAPED", kind, hard, resource.getrlimit(kind))
    except (OSError, ValueError) as refused:
        print(refused)
for pid in (os.getppid(), *told.pids.values()):
    if pid not in (0, os.getpid()):
        try:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, 1))
            print("ESCAPED", pid)
        except OSError as refused:
            print(refused.strerror)
