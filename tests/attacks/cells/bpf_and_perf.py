# Tries: to load a program into the kernel, and to count its events
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for number in (321, 298):
    got = libc.syscall(number, 0, ctypes.create_string_buffer(128), 128, -1, 0)
    print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
