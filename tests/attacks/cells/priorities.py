# Tries: to run before everybody else
# Expects: ok
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for step in (lambda: os.nice(-10), lambda: os.setpriority(os.PRIO_PROCESS, 0, -20), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))):
    try:
        print("ESCAPED", step())
    except OSError as refused:
        print(refused.strerror)
