# Tries: to let the kernel do input and output for it, past every filter of calls
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
got = libc.syscall(425, 8, ctypes.create_string_buffer(200))
print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
