# Tries: to become root of namespaces of its own, where more of the kernel can be reached
# Expects: ok
# Works without walls: as root
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for flags in (0x10000000, 0x10020000, 0x40000000, 0x20000, 0x20000000):
    got = libc.unshare(flags)
    print("ESCAPED" if got == 0 else os.strerror(ctypes.get_errno()))
