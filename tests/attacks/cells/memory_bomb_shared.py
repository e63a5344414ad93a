# Tries: to hide memory from its limit: shared mappings, memory without a name, System V segments
# Expects: ok or error or limit
import ctypes, mmap, os

libc = ctypes.CDLL(None, use_errno=True)
for step in (
    lambda: mmap.mmap(-1, 1 << 30),
    lambda: os.memfd_create("unembed-attack"),
    lambda: open("/dev/shm/unembed-attack", "w"),
):
    try:
        print("ESCAPED", step())
    except (OSError, ValueError) as refused:
        print(refused)
if libc.shmget(0, 1 << 24, 0o1600) >= 0:
    print("ESCAPED")
