# Tries: to start processes by the calls beneath fork, the newest of which hides its flags
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
import struct

for number, arguments in ((56, (17, 0, 0, 0, 0)), (56, (0x10000011, 0, 0, 0, 0)), (435, (struct.pack("=11Q", 0x10000000, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0), 88)), (57, ()), (58, ())):
    got = libc.syscall(number, *arguments)
    if got == 0:
        os._exit(0)
    print("ESCAPED" if got > 0 else os.strerror(ctypes.get_errno()))
