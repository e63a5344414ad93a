# Tries: to change what all share: the clock, the name of the machine, kernel settings, modules
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for number, arguments in ((164, (bytes(16), 0)), (227, (0, bytes(16))), (170, (b"x", 1)), (175, (b"", 0, b"")), (313, (0, b"", 0)), (169, (0, 0, 0)), (167, (b"/cell", 0)), (103, (3, bytes(64), 64))):
    got = libc.syscall(number, *arguments)
    print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
try:
    open("/proc/sys/kernel/core_pattern", "w").write("|/cell/x")
    print("ESCAPED")
except OSError as refused:
    print(refused.strerror)
