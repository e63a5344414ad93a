"""What is kept of a learner's lesson between two presses of Run, so that the next cell costs a fork.

Each lesson of each learner has a tree of processes, in a pid namespace of its own: a root that has never run
a cell, and states after some cells, stopped. A run is a fork of one of these; graded runs never come here.
What cannot be had is missed in silence: the run gets a fresh child of the pool, and replays the cells above.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from workers import logs
from workers.runner import confine, control
from workers.runner.fork import PATIENCE, Fork, Forking
from workers.runner.gate import Gate
from workers.runner.limits import Limits
from workers.runner.loop import Loop
from workers.runner.pool import Child, Pool
from workers.runner.run import Run
from workers.wire import Frame

MOST = 16  # states of one tree, as its processes share a limit
_LOOK_SECONDS = 5.0
_ROOT_BYTES = 16 << 20  # what a root costs, about


@dataclass
class Snapshot:
    """The state after the cells of `chain`, of a run with this seed and these limits."""

    process: Fork
    chain: tuple[str, ...]
    seed: int
    limits: Limits
    wall: float  # seconds these cells took
    cpu: float  # … and seconds of processor time
    size: int
    used: float = field(default_factory=time.monotonic)

    def fits(self, run: Run) -> bool:
        """Whether this run has these cells above its last one, and all else is the same."""
        above = run.chain[:-1]
        return self.chain == above[: len(self.chain)] and self.seed == run.seed and self.limits == run.limits


class Tree:
    """The processes of one learner's lesson. One run at a time."""

    def __init__(self, loop: Loop, pool: Pool, key: str) -> None:
        self.key = key
        self.kept: list[Snapshot] = []
        self.used = time.monotonic()
        self.dead = self._retired = False
        self.busy: Run | None = None
        self.on_kept: Callable[[Tree], None] = lambda tree: None
        self.on_dead: Callable[[Tree], None] = lambda tree: None
        self._loop, self._pool = loop, pool
        self._base: Snapshot | None = None  # which is being forked just now
        self._waiting: Run | None = None  # the next, while the last one's end is seen to
        self._gate: Gate | None = None
        self._line, theirs = socket.socketpair()
        self.root = pool.plant(theirs)
        theirs.close()
        self._timer = loop.later(PATIENCE, self._on_no_root)
        if self.root is None:
            return self.die()
        self.root.link.on_frame = self._on_root
        self.root.link.on_gone = lambda why: self.die()
        self.root.on_exit = lambda status, cpu: self.die()
        self.root.on_lost = self.die

    # -- the root ----------------------------------------------------------------------------------

    def _on_root(self, frame: Frame) -> None:
        """First it is confined, then it holds still."""
        header, _ = frame
        if header.get("event") == "confined":
            received = control.receive(self._line)
            if received is not None and received[1]:
                self._gate = Gate(self._loop, received[1][0])
            return None
        if header.get("event") != "held" or self._gate is None or self.root is None:
            logs.say(f"no snapshots: {header.get('message')}", "warning")
            return self.die()
        if not self.root.is_here:
            self.root.on_here = lambda: self._on_root(frame)
            return None
        self._timer.cancel()
        return self._begin()

    def _on_no_root(self) -> None:
        logs.say("no snapshots: their first process did not come", "warning")
        self.die()

    def die(self) -> None:
        """With everything that was forked here; who waits gets a fresh child."""
        if self.dead:
            return
        self.dead = True
        self._timer.cancel()
        self._line.close()
        if self._gate is not None:
            self._gate.close()
        for snapshot in self.kept:
            snapshot.process.kill()
        self.kept.clear()
        if self.root is not None:
            self.root.kill()
        self.on_dead(self)
        self._miss()

    def retire(self) -> None:
        """Die, as soon as nobody is in the middle."""
        self._retired = True
        if self.busy is None:
            self.die()

    # -- a run comes -------------------------------------------------------------------------------

    def give(self, run: Run) -> bool:
        """Begin this run in a fork; False if another one is in the middle."""
        if self.dead or self._waiting is not None or (self.busy is not None and not self.busy.over):
            return False
        self._waiting = run
        self.used = time.monotonic()
        if self.busy is None:
            self._begin()
        return True

    def take_back(self, run: Run) -> None:
        if self._waiting is run:
            self._waiting = None

    def _begin(self) -> None:
        if self._waiting is None or self._gate is None or self._timer.call is not None:
            return
        run, self._waiting = self._waiting, None
        self.busy = run
        base = max(
            (each for each in self.kept if each.fits(run)), key=lambda each: len(each.chain), default=None
        )
        if base is not None:
            run.go_on_from(len(base.chain), base.wall)
        self._fork(base, lambda fork: self._on_fork(run, base, fork))

    def _fork(self, base: Snapshot | None, done: Callable[[Fork | None], None]) -> None:
        assert self._gate is not None
        assert self.root is not None
        process: Child = base.process if base is not None else self.root
        cpu = base.cpu if base is not None else 0.0
        self._base = base
        if base is not None:
            base.used = time.monotonic()
        Forking(self._loop, self._gate, process, self._pool.number(), cpu, done)

    def _on_fork(self, run: Run, base: Snapshot | None, fork: Fork | None) -> None:
        self._base = None
        if fork is None:
            return self._fail(run)
        fork.on_buried = lambda: self._free(run)
        if run.over:
            return fork.kill()
        left = run.limits.cpu - fork.cpu_before if base is not None else None
        return run.begin(fork, self, left)

    def _fail(self, run: Run) -> None:
        """A process that did not do what it was told: none of this tree is used again."""
        run.go_on_from(0, 0.0)
        self._waiting = run
        self.busy = None
        self.die()

    def _miss(self) -> None:
        run, self._waiting = self._waiting, None
        if run is not None and not run.over:
            run.go_on_from(0, 0.0)
            self._pool.give(run.begin)

    def _free(self, run: Run) -> None:
        """Its process is dead, or kept: the next one may come."""
        if self.busy is run:
            self.busy, self.used = None, time.monotonic()
            if self._retired:
                return self.die()
            self._begin()
        return None

    # -- its state is kept -------------------------------------------------------------------------

    def split(self, run: Run, fork: Fork) -> None:
        """Keep the state before the last cell, which then runs in a fork, or here if it cannot be kept."""
        self._keep(run, fork, lambda kept: self._on_split(run, fork, kept))

    def _on_split(self, run: Run, fork: Fork, kept: Snapshot | None) -> None:
        if run.over:
            fork.kill()
        elif kept is None:
            run.proceed()
        else:
            fork.on_buried = lambda: self._forget(kept)
            self._fork(kept, lambda child: self._on_second(run, kept, child))

    def _on_second(self, run: Run, kept: Snapshot, fork: Fork | None) -> None:
        if fork is not None:
            return self._on_fork(run, kept, fork)
        self._base, self._retired = None, True
        self._forget(kept)
        process = kept.process
        if run.over or not process.lives():  # the worker tries again
            process.kill()
            run.abandon()
            return self._free(run)
        process.on_buried = lambda: self._free(run)
        process.thaw()
        return run.begin(process, self, run.limits.cpu - process.cpu_before)

    def keep(self, run: Run, fork: Fork) -> None:
        """The run is over, and its state may be the start of another."""
        fork.link.on_gone = lambda why: fork.kill()
        self._keep(run, fork, lambda kept: self._on_last_kept(run, fork, kept))

    def _on_last_kept(self, run: Run, fork: Fork, kept: Snapshot | None) -> None:
        if kept is None:
            return fork.kill()
        fork.on_buried = lambda: self._forget(kept)
        return self._free(run)

    def _keep(self, run: Run, fork: Fork, done: Callable[[Snapshot | None], None]) -> None:
        timer = self._loop.later(PATIENCE, fork.kill)
        usual = fork.link.on_frame

        def on_held(frame: Frame) -> None:
            timer.cancel()
            fork.link.on_frame = usual
            header, _ = frame
            if header.get("event") != "held" or header.get("why") or self.dead:
                return done(None)
            return done(self._add(run, fork))

        fork.link.on_frame = on_held
        fork.link.send({"op": "hold"})

    def _add(self, run: Run, fork: Fork) -> Snapshot | None:
        """Stop it, and believe it nothing before."""
        fork.freeze()
        if fork.threads() != 1:
            fork.kill()
            return None
        chain = run.chain[: run.done]
        for other in [each for each in self.kept if each.chain == chain]:
            self.drop(other)
        fork.link.on_frame = lambda frame: fork.kill()
        fork.on_exit, fork.on_noise = lambda status, cpu: None, lambda noise: None
        size = max(0, _memory(fork) - _memory(self.root))
        kept = Snapshot(fork, chain, run.seed, run.limits, run.wall, fork.cpu(), size)
        self.kept.append(kept)
        self._loop.later(0, lambda: self.on_kept(self))
        return kept

    def drop(self, snapshot: Snapshot) -> None:
        self._forget(snapshot)
        snapshot.process.kill()

    def oldest(self) -> Snapshot | None:
        """The one that was used the longest time ago, and may go."""
        free = (snapshot for snapshot in self.kept if snapshot is not self._base)
        return min(free, key=lambda snapshot: snapshot.used, default=None)

    def _forget(self, snapshot: Snapshot) -> None:
        if snapshot in self.kept:
            self.kept.remove(snapshot)

    @property
    def rests(self) -> bool:
        """Whether no run is here, or about to be."""
        return self.busy is None and self._waiting is None

    @property
    def size(self) -> int:
        return _ROOT_BYTES + sum(snapshot.size for snapshot in self.kept)


class Snapshots:
    """All trees: at most `most` states each, `memory` bytes together, gone after `idle` seconds of rest."""

    def __init__(self, loop: Loop, pool: Pool, most: int, memory: int, idle: float) -> None:
        self._loop, self._pool = loop, pool
        self._most, self._memory, self._idle = min(most, MOST), memory, idle
        self._trees: dict[str, Tree] = {}
        pool.on_renewed = self._on_renewed
        loop.later(min(_LOOK_SECONDS, idle), self._look)

    def give(self, run: Run) -> None:
        """A process for this run: a fork where that can be, else one of the pool."""
        tree = self._trees.get(run.key) or self._plant(run.key)
        if not tree.give(run):
            self._pool.give(run.begin)

    def take_back(self, run: Run) -> None:
        tree = self._trees.get(run.key)
        if tree is not None:
            tree.take_back(run)

    def status(self) -> dict[str, int]:
        return {"trees": len(self._trees), "kept": sum(len(tree.kept) for tree in self._trees.values())}

    def stop(self) -> None:
        for tree in list(self._trees.values()):
            tree.die()

    def _plant(self, key: str) -> Tree:
        tree = self._trees[key] = Tree(self._loop, self._pool, key)
        tree.on_kept, tree.on_dead = self._on_kept, self._on_dead
        if tree.dead:
            self._on_dead(tree)
        return tree

    def _on_dead(self, tree: Tree) -> None:
        if self._trees.get(tree.key) is tree:
            del self._trees[tree.key]

    def _on_kept(self, tree: Tree) -> None:
        """Room is made for what has just been kept."""
        while len(tree.kept) > self._most and (oldest := tree.oldest()):
            tree.drop(oldest)
        while sum(each.size for each in self._trees.values()) > self._memory and self._drop_oldest():
            continue

    def _drop_oldest(self) -> bool:
        """A tree of which nothing is kept, or else the state that was used the longest time ago."""
        bare = [tree for tree in self._at_rest() if not tree.kept]
        if bare:
            min(bare, key=lambda tree: tree.used).die()
            return True
        found = [(oldest, tree) for tree in self._trees.values() if (oldest := tree.oldest())]
        if found:
            oldest, tree = min(found, key=lambda each: each[0].used)
            tree.drop(oldest)
        return bool(found)

    def _at_rest(self) -> Iterator[Tree]:
        return (tree for tree in list(self._trees.values()) if tree.rests)

    def _on_renewed(self) -> None:
        """They all have the memory layout of the old zygote, which is to go."""
        for key, tree in list(self._trees.items()):
            del self._trees[key]
            tree.retire()

    def _look(self) -> None:
        for tree in self._at_rest():
            if time.monotonic() - tree.used > self._idle:
                tree.die()
        self._loop.later(min(_LOOK_SECONDS, self._idle), self._look)


def _memory(process: Child | None) -> int:
    """Bytes that are not of a file; what it shares with the one it was forked from counts too."""
    try:
        lines = Path(f"/proc/{process.seen_as if process else 0}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon:")), 0)


def refusal(plan: confine.Plan) -> str:
    """Why there are no snapshots here; empty if there can be some."""
    if plan.device != "cpu":
        return "No snapshots between cells: what a process holds on a GPU does not survive a fork."
    if not plan.namespaces:
        return (
            "No snapshots between cells: they need namespaces, with which all of a learner's processes end."
        )
    if not (plan.seccomp and confine.can_ask() and os.path.exists("/proc/self/timers")):
        return (
            "No snapshots between cells: this kernel cannot ask about a fork, or tell which timers there are."
        )
    return ""
