# Tries: the second and third set of system calls, whose numbers a filter may not know
# Expects: died or ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
got = libc.syscall(0x40000000 + 39)  # getpid of x32
print("ESCAPED" if got > 0 else os.strerror(ctypes.get_errno()))
