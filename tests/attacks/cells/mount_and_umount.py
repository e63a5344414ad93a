# Tries: to mount a file system of its own over ours, and to take ours away
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for name in ("/", "/proc", "/cell", "/tmp"):
    got = libc.mount(b"none", name.encode(), b"tmpfs", 0, None)
    print("ESCAPED" if got == 0 else os.strerror(ctypes.get_errno()))
    got = libc.umount2(name.encode(), 2)
    print("ESCAPED" if got == 0 else os.strerror(ctypes.get_errno()))
for number in (428, 429, 430, 432, 442, 155):
    got = libc.syscall(number, -1, b"/", 0, 0, 0)
    print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
