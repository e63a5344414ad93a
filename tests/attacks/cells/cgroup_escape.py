# Tries: to move itself out of the group that limits it, or to make one of its own
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
import glob

print(open("/proc/self/cgroup").read() if os.path.exists("/proc/self/cgroup") else "")
for folder in ("/sys/fs/cgroup", *glob.glob("/sys/fs/cgroup/*")):
    try:
        open(f"{folder}/cgroup.procs", "w").write(str(os.getpid()))
        print("ESCAPED", folder)
    except OSError as refused:
        print(refused.strerror)
    try:
        os.mkdir(f"{folder}/{told.mark}")
        print("ESCAPED", folder)
    except OSError as refused:
        print(refused.strerror)
