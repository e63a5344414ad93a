# Tries: to read the kernel's log, its addresses, the disk and the memory as devices
# Expects: ok
# Works without walls: as root
import os

for path in ("/dev/kmsg", "/dev/mem", "/dev/vda", "/dev/kvm", "/dev/fuse", "/proc/kcore", "/proc/kmsg"):
    try:
        print("ESCAPED", path, os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as refused:
        print(refused.strerror)
try:
    addresses = {line.split()[0] for line in open("/proc/kallsyms").read(10**5).splitlines()}
    if any(int(address, 16) for address in addresses):
        print("ESCAPED", addresses)
except (OSError, ValueError) as refused:
    print(refused)
