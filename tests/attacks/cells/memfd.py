# Tries: to hide memory in files without a name, and to run a program from one
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for number in (319, 447):
    got = libc.syscall(number, b"unembed-attack", 0)
    print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
got = libc.syscall(322, 1, b"", None, None, 0x1000)  # execveat
print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
