# Tries: to use what of ours is in its process against us: forks for itself, leaves the walls, sends for others
# Expects: ok
import os

from workers.runner import confine, zygote
from workers.runner.confine import kernel, limits, namespaces, seccomp

for step in (
    lambda: confine.fork(confine.Plan(namespaces=True)),
    lambda: namespaces.enter_child(),
    lambda: kernel.setns(namespaces._pid_namespace, kernel.NEWPID),
    lambda: limits.set_fixed(True, True) or limits.set_for_run(__import__("workers.runner.limits", fromlist=["Limits"]).Limits(memory=1 << 40)),
    lambda: confine.clean_up(confine.Plan(base=told.folder)),
):
    try:
        step()
        print("done")
    except Exception as refused:
        print(type(refused).__name__, refused)
