# Tries: to open a file by its number on the disk, past every path
# Expects: ok
import ctypes

libc = ctypes.CDLL(None, use_errno=True)
for number, arguments in ((303, (-100, b"/", bytes(200), bytes(8), 0)), (304, (3, bytes(200), 0))):
    if libc.syscall(number, *arguments) >= 0:
        print("ESCAPED", number)
    print(ctypes.get_errno())
