# Tries: to stop the kernel in the middle of a copy, as many exploits do
# Expects: ok
# Works without walls: as root
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
got = libc.syscall(323, 1)
print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
