# Tries: to put a filter of system calls over its own, and to trace itself out of it
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for step in (
    lambda: libc.syscall(317, 0, 0, 0),  # seccomp, strict
    lambda: libc.syscall(317, 1, 8, bytes(16)),  # a filter that asks somebody else
    lambda: libc.prctl(22, 0, 0, 0, 0),
    lambda: libc.prctl(38, 0, 0, 0, 0),  # privileges again
    lambda: libc.prctl(4, 1, 0, 0, 0),  # to be looked into
    lambda: libc.syscall(446, -1, 0),  # Landlock
    lambda: libc.syscall(126, ctypes.create_string_buffer(8), ctypes.create_string_buffer(24)),  # capset
):
    got = step()
    print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
print(open("/proc/self/status").read().partition("Seccomp:")[2].split()[0] if os.path.exists("/proc/self/status") else "")
