# Tries: to read the memory of others without taking them over
# Expects: ok
# Works without walls: as root
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
import struct

target = told.pids["worker"]
own = ctypes.create_string_buffer(64)
for pid in (os.getppid(), 1, target):
    try:
        start = int(open(f"/proc/{pid}/maps").readline().split("-")[0], 16)
    except OSError:
        start = 0x400000
    here = struct.pack("=QQ", ctypes.addressof(own), 64)
    there = struct.pack("=QQ", start, 64)
    got = libc.process_vm_readv(pid, here, 1, there, 1, 0) if pid != os.getpid() else -1
    print("ESCAPED" if got > 0 else os.strerror(ctypes.get_errno()))
