"""What a check holds instead of the learner's code: its attributes ask, and what comes back is judged."""

from __future__ import annotations

import inspect
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from workers import values, wire
from workers.examiner import seclusion
from workers.examiner.judge import judge
from workers.examiner.references import Reference, packed
from workers.examiner.shapes import bind
from workers.examiner.trouble import Ended, Raised, Unfit, Unreadable
from workers.lab.compare import number, same

READING_SECONDS = 5.0  # of calculating, for all values of one grading: honest ones take a hundredth of it
_TOO_MUCH = (
    "What your code returned takes too long, or too much memory, to look at. Return something smaller or "
    "simpler, such as one tensor."
)
OURS = "Your code"  # begins a sentence about what a probe of ours computed with the answer


class Respondent(Protocol):
    """Whoever has the answer's functions: the learner's process, or a known mistake in this one."""

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the function of this name returns. Raises Raised, Ended or Unreadable."""

    def call_later(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], Any]:
        """Begin a call. What is returned ends it as `call` does, before the next question is put."""

    def probe(self, name: str, source: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What this function of ours returns, run beside the answer. Raises the same."""

    def reading(self) -> AbstractContextManager[None]:
        """Around all that is done to a value that came back, before a check has it. Raises Ended."""


@dataclass
class Call:
    """One question that a check put, and what came back: a value as claimed, or an exception."""

    name: str
    arguments: dict[str, Any]
    value: Any = None
    error: Raised | None = None

    def agrees(self, other: Call) -> bool:
        """Whether the other answer behaved the same."""
        if self.name != other.name or (self.error is None) != (other.error is None):
            return False
        if self.error and other.error:
            return self.error.type == other.error.type
        return alike(self.value, other.value)


def alike(one: Any, other: Any) -> bool:
    """Whether two claimed values are the same."""
    try:
        same(one, other)
    except AssertionError:
        return False
    return True


class Child:
    """The learner's process at the other end of the connection; the worker passes the questions on."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._seconds = READING_SECONDS

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.call_later(name, args, kwargs)()

    def call_later(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Callable[[], Any]:
        self._ask({"op": "call", "name": name}, args, kwargs)
        return self._answer

    def probe(self, name: str, source: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._ask({"op": "probe", "name": name, "source": source}, args, kwargs)
        return self._answer()

    def _ask(self, question: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        (packed_args, packed_kwargs), body = packed([list(args), kwargs])
        asked = {**question, "args": packed_args, "kwargs": packed_kwargs}
        wire.send(self.connection, {"ask": asked}, body)

    def _answer(self) -> Any:
        frame = wire.receive(self.connection)
        if frame is None:
            raise ConnectionError("the worker went away")
        reply, body = frame
        if ended := reply.get("ended"):
            raise Ended(str(ended.get("reason")), str(ended.get("message")))
        if error := reply.get("error"):
            raise _raised(error)
        with self.reading():
            return _unpacked(reply, body)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What is claimed may be made to keep us busy: that is the answer's affair, not a fault of ours."""
        began = time.process_time()
        try:
            with seclusion.at_most(self._seconds):
                yield
        except (TimeoutError, MemoryError):
            raise Ended("reading", _TOO_MUCH) from None
        except RuntimeError as error:  # torch's own kind, where there is no memory
            if "memory" not in str(error):
                raise
            raise Ended("reading", _TOO_MUCH) from None
        finally:
            self._seconds = max(0.1, self._seconds - (time.process_time() - began))


def _raised(error: Any) -> Raised:
    """An exception as the child claims it: any part of it may be missing or of any size."""
    claimed = error if isinstance(error, dict) else {}
    line = claimed.get("line")
    return Raised(
        str(claimed.get("type", "Error"))[:100],
        str(claimed.get("message", ""))[:2000],
        line if type(line) is int and 0 < line < 10**6 else None,
    )


def _unpacked(reply: dict[str, Any], body: bytes) -> Any:
    try:
        return values.unpack(reply.get("value"), body)
    except (wire.WireError, RecursionError, RuntimeError) as error:
        raise Unreadable(str(error)) from None


@dataclass
class Answer:
    """Handed to every check. `answer.name(…)` asks a function, `answer.probe_name(…)` runs one beside it.

    Of a form, `answer.name` is the value that was filled in.
    """

    reference: Reference
    respondent: Respondent | None = None
    values: dict[str, Any] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)  # of the check that is running

    def __post_init__(self) -> None:
        self._asked_twice: set[str] = set()
        self._unsettled: Callable[[], None] | None = None  # compares what is still being calculated

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self.values:
            return self.values[name]
        if name in self.reference.exercise.probes:
            return self._probe(name)
        if name in self.reference.exercise.names:
            return self._function(name)
        raise AttributeError(f"{self.reference.exercise.id} has no `{name}` to ask")

    def _function(self, name: str) -> Callable[..., Any]:
        def ask(*args: Any, **kwargs: Any) -> Any:
            call = self._noted(name, args, kwargs)
            value = self._put(call, lambda respondent: respondent.call(name, args, kwargs))
            first = self.reference.exercise.deterministic and name not in self._asked_twice
            if first and not isinstance(value, values.Opaque):  # whose text may hold a place in memory
                self._asked_twice.add(name)
                self._ask_again(call, args, kwargs)
            return self._judged(call, value, f"`{name}`")

        return ask

    def _probe(self, name: str) -> Callable[..., Any]:
        source = self.reference.exercise.probes[name]

        def ask(*args: Any, **kwargs: Any) -> Any:
            call = self._noted(name, args, kwargs)
            value = self._put(call, lambda respondent: respondent.probe(name, source, args, kwargs))
            return self._judged(call, value, OURS)

        return ask

    def _noted(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        self.settle()
        signature = inspect.signature(self.reference.function(name))
        call = Call(name, dict(signature.bind(*args, **kwargs).arguments))
        self.calls.append(call)
        return call

    def _put(self, call: Call, question: Callable[[Respondent], Any]) -> Any:
        if self.respondent is None:
            raise RuntimeError(f"nobody can be asked for {call.name}: this is a form")
        try:
            call.value = question(self.respondent)
        except Raised as error:
            call.error = error
            raise
        except Unreadable as error:
            raise Unfit(f"What `{call.name}` returned cannot be read: {error}.", "a value") from None
        return call.value

    def _ask_again(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The same once more. Meanwhile the check goes on: mostly it calculates the reference's value."""
        assert self.respondent is not None
        first, again = call.value, self.respondent.call_later(call.name, args, kwargs)

        def compare() -> None:
            second = self._put(call, lambda _: again())
            with self._reading():
                repeats = alike(first, second)
            if not repeats:
                message = f"`{call.name}` was asked the same twice and gave two different answers."
                raise Unfit(f"{message} Does it draw random numbers, or remember?", "the same value twice")
            call.value = first

        self._unsettled = compare

    def settle(self) -> None:
        """Wait for what is still being calculated, and compare it: before the next question, and at the end.

        Raises Raised, Ended or Unfit.
        """
        compare, self._unsettled = self._unsettled, None
        if compare is not None:
            compare()

    def _judged(self, call: Call, value: Any, name: str) -> Any:
        annotations = self.reference.annotations(call.name)
        dims = bind(call.arguments, annotations)
        with self._reading():
            return judge(value, annotations.get("return", Any), dims, name)

    def _reading(self) -> AbstractContextManager[None]:
        assert self.respondent is not None  # who else has answered?
        return self.respondent.reading()


def described(value: Any) -> dict[str, Any]:
    """A value for the learner's page: shape and dtype of a tensor, and the value itself where it is short."""
    if isinstance(value, Tensor):
        text = _tensor_text(value) if value.numel() <= 16 and value.ndim <= 2 else ""
        return {"shape": list(value.shape), "dtype": str(value.dtype)[6:], "text": text}
    if name := values.shipped_name(value) if hasattr(value, "cfg") else None:
        return {"shape": None, "dtype": "model", "text": name}
    text = number(value) if isinstance(value, bool | int | float) else repr(value)
    return {
        "shape": None,
        "dtype": type(value).__name__,
        "text": text if len(text) <= 200 else text[:199] + "…",
    }


def _tensor_text(value: Tensor) -> str:
    if value.ndim == 0:
        return number(value.item())
    return "[" + ", ".join(_tensor_text(row) for row in value) + "]"
