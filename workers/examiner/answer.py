"""What a check holds instead of the learner's code: its attributes ask, and what comes back is judged."""

from __future__ import annotations

import contextlib
import inspect
import math
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from torch import Tensor

from workers import values, wire
from workers.examiner import seclusion
from workers.examiner.judge import judge
from workers.examiner.references import Reference, packed
from workers.examiner.shapes import bind
from workers.examiner.trouble import Ended, Raised, Unfit, Unreadable
from workers.lab.compare import number, same
from workers.lab.models.devices import Which
from workers.runner.client import ChildEnded, RunnerClient, RunnerGone
from workers.wire import Frame

READING_SECONDS = 5.0  # of calculating, for all values of one grading: honest ones take a hundredth of it
_TOO_MUCH = (
    "What your code returned takes too long, or too much memory, to look at. Return something smaller or "
    "simpler, such as one tensor."
)
OURS = "Your code"  # begins a sentence about what a probe of ours computed with the answer


class Respondent(Protocol):
    """Whoever has the answer's functions: the learner's process, or a known mistake in this one."""

    def call(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], times: int = 1
    ) -> Callable[[], Any]:
        """Begin to call the function of this name, so many times in a row, as long as it returns something.

        What is returned waits, each time, for the next value; it raises Raised, Ended or Unreadable. All are
        taken before the next question is put.
        """

    def probe(self, name: str, source: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What this function of ours returns, run beside the answer. Raises Raised, Ended or Unreadable."""

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
    """The learner's process, lent by the worker at the other end of the connection once it has run the
    answer.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._seconds = READING_SECONDS

    @cached_property
    def _process(self) -> RunnerClient:
        return RunnerClient.borrowed(self._connection)

    def call(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], times: int = 1
    ) -> Callable[[], Any]:
        asked = _question({"op": "call", "name": name}, args, kwargs)
        self._put(asked)
        left = times - 1

        def take() -> Any:
            nonlocal left
            frame = self._frame()
            if left and "error" not in frame[0]:  # it is calculated while we look at this one
                left -= 1
                self._put(asked)
            return self._value(frame)

        return take

    def probe(self, name: str, source: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._put(_question({"op": "probe", "name": name, "source": source}, args, kwargs))
        return self._value(self._frame())

    def _put(self, question: Frame) -> None:
        with _in_our_words():
            self._process.put(*question)

    def _frame(self) -> Frame:
        with _in_our_words():
            return self._process.value()

    def _value(self, frame: Frame) -> Any:
        reply, body = frame
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


@contextmanager
def _in_our_words() -> Iterator[None]:
    """How the runner says that it is over."""
    try:
        yield
    except ChildEnded as end:
        raise Ended(end.reason, end.message) from end
    except RunnerGone as gone:
        raise ConnectionError(str(gone)) from gone


def _question(about: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Frame:
    (packed_args, packed_kwargs), body = packed([list(args), kwargs])
    return {**about, "args": packed_args, "kwargs": packed_kwargs}, body


def _raised(error: Any) -> Raised:
    """An exception as the child claims it: any part of it may be missing or of any size."""
    claimed = error if isinstance(error, dict) else {}
    line = claimed.get("line")
    return Raised(
        str(claimed.get("type", "Error"))[:100],
        str(claimed.get("message", ""))[:2000],
        line if type(line) is int and 0 < line < 10**6 else None,
        str(claimed.get("shapes", ""))[:1000],
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
    measures: dict[str, float] = field(default_factory=dict)  # what the check noted of it

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

    def measured(self, **numbers: float) -> None:
        """Note what a check has measured of this answer: kept with the attempt, whatever the verdict.

        The names are those of the exercise's FRONTIER. Raises ValueError for what is not finite.
        """
        for name, value in numbers.items():
            if not math.isfinite(value):
                raise ValueError(f"{name} is {value}: only finite numbers can be kept")
            self.measures[name] = float(value)

    def _function(self, name: str) -> Callable[..., Any]:
        def ask(*args: Any, **kwargs: Any) -> Any:
            call = self._noted(name, args, kwargs)
            first = self.reference.exercise.deterministic and name not in self._asked_twice
            take = self._someone().call(name, args, kwargs, times=1 + first)
            value = self._taken_first(call, take) if first else self._put(call, take)
            if first and not isinstance(value, values.Opaque):  # whose text may hold a place in memory
                self._asked_twice.add(name)
                self._unsettled = lambda: self._compare(call, take)
            return self._judged(call, value, f"`{name}`")

        return ask

    def _probe(self, name: str) -> Callable[..., Any]:
        source = self.reference.exercise.probes[name]

        def ask(*args: Any, **kwargs: Any) -> Any:
            call = self._noted(name, args, kwargs)
            value = self._put(call, lambda: self._someone().probe(name, source, args, kwargs))
            return self._judged(call, value, OURS)

        return ask

    def _noted(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        self.settle()
        signature = inspect.signature(self.reference.function(name))
        call = Call(name, dict(signature.bind(*args, **kwargs).arguments))
        self.calls.append(call)
        return call

    def _someone(self) -> Respondent:
        if self.respondent is None:
            raise RuntimeError("nobody can be asked: this is a form")
        return self.respondent

    def _put(self, call: Call, take: Callable[[], Any]) -> Any:
        """What comes back, noted in the call."""
        try:
            call.value = take()
        except Raised as error:
            call.error = error
            raise
        except Unreadable as error:
            raise Unfit(f"What `{call.name}` returned cannot be read: {error}.", "a value") from None
        return call.value

    def _taken_first(self, call: Call, take: Callable[[], Any]) -> Any:
        """The first of two values. If there is none, no second comes."""
        self._unsettled = lambda: _forget(take)
        try:
            return self._put(call, take)
        except (Raised, Ended):
            self._unsettled = None
            raise

    def _compare(self, call: Call, take: Callable[[], Any]) -> None:
        """The same question was put twice. Meanwhile the check went on: mostly it calculated the reference's
        value.
        """
        first = call.value
        second = self._put(call, take)
        with self._someone().reading():
            repeats = alike(first, second)
        if not repeats:
            message = f"`{call.name}` was asked the same twice and gave two different answers."
            raise Unfit(f"{message} Does it draw random numbers, or remember?", "the same value twice")
        call.value = first

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
        with self._someone().reading():
            return judge(value, annotations.get("return", Any), dims, name)


def _forget(take: Callable[[], Any]) -> None:
    """A second value that says nothing any more: it only has to be out of the way."""
    with contextlib.suppress(Raised, Ended, Unreadable):
        take()


def described(value: Any) -> dict[str, Any]:
    """A value for the learner's page: shape and dtype of a tensor, and the value itself where it is short."""
    if isinstance(value, Tensor):
        text = _tensor_text(value) if value.numel() <= 16 and value.ndim <= 2 else ""
        return {"shape": list(value.shape), "dtype": str(value.dtype)[6:], "text": text}
    if found := values.model_of_lab(value) if hasattr(value, "cfg") else None:
        return {"shape": None, "dtype": "model", "text": _model_text(found)}
    text = number(value) if isinstance(value, bool | int | float) else repr(value)
    return {
        "shape": None,
        "dtype": type(value).__name__,
        "text": text if len(text) <= 200 else text[:199] + "…",
    }


def _model_text(model: Which) -> str:
    return model.name if model.step is None else f"{model.name} at step {model.step}"


def _tensor_text(value: Tensor) -> str:
    if value.ndim == 0:
        return number(value.item())
    return "[" + ", ".join(_tensor_text(row) for row in value) + "]"
