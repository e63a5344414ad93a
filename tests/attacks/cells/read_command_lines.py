# Tries: to learn how other processes were started, and that they are there at all
# Expects: ok
# Works without walls: yes
import os

others = [n for n in os.listdir("/proc") if n.isdigit() and n != str(os.getpid())]
if others:
    print(
        "ESCAPED", [open(f"/proc/{n}/cmdline").read()[:80] for n in others if n == str(told.pids["worker"])]
    )
