# Tries: to leave what lives on without a process: segments, semaphores, queues of messages
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for number, arguments in ((29, (0x5EC2E7, 4096, 0o1666)), (64, (0x5EC2E7, 1, 0o1666)), (68, (0x5EC2E7, 0o1666)), (240, (b"unembed-attack", 0o102, 0o666, 0))):
    got = libc.syscall(number, *arguments)
    print("ESCAPED" if got >= 0 else os.strerror(ctypes.get_errno()))
