# Tries: to end everybody else: parents, all processes, those whose numbers it knows
# Expects: ok
import os, signal

for pid in (-1, os.getppid(), -os.getppid(), *told.pids.values()):
    if pid not in (0, os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
            print("ESCAPED" if pid != -1 else "nobody there")
        except OSError as refused:
            print(refused.strerror)
    if pid > 0:
        try:
            signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGSTOP)
            print("ESCAPED" if pid != os.getpid() else "only me")
        except OSError as refused:
            print(refused.strerror)
