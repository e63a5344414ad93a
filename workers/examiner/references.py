"""The trusted side of the exercises: their files as modules, and their variants as answers of their own."""

from __future__ import annotations

import contextlib
import inspect
import json
import random
import sys
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch

from app.lessons import Exercise, Variant
from workers import lab, values
from workers.examiner import forms
from workers.examiner.trouble import Raised
from workers.lab.models.loading import on_the_way


class Reference:
    """One exercise with its file run. What it `uses` of other exercises is there by name."""

    def __init__(self, exercise: Exercise, used: Mapping[str, Any], edition: str = "") -> None:
        """Modules of an `edition` beside the newest have names of their own. Raises what the file raises."""
        self.exercise = exercise
        self.used = dict(used)
        name = f"course_{exercise.id}" + (f"_{edition}" if edition else "")
        self.module = _run(name, str(exercise.path), exercise.path.read_text("utf-8"), used)

    def function(self, name: str) -> Callable[..., Any]:
        """A check, a probe, a mistake or a part of the reference."""
        return getattr(self.module, name)

    def annotations(self, name: str) -> dict[str, Any]:
        """What the parameters and the return value of a function are promised to be."""
        found = self.function(name)
        return typing.get_type_hints(found, include_extras=True) if inspect.isfunction(found) else {}

    def form_values(self, variant: Variant | None = None) -> dict[str, Any]:
        """The right values of a form, or those with a variant of one."""
        instead = {variant.target: self.function(variant.name)()} if variant else {}
        return forms.read(self.exercise, {**json.loads(self.exercise.solution), **instead})

    def handed_on(self) -> dict[str, Any]:
        """What an exercise that uses this one may call: its answer, and all that stood above it."""
        return {**self.used, **{name: getattr(self.module, name) for name in self.exercise.names}}


class StandIn:
    """Answers from this process, in the place of a learner's: values are packed and unpacked all the same."""

    def __init__(self, reference: Reference, text: str, chance: int = 1) -> None:
        """What the answer draws comes from `chance`, and leaves what the checks draw as it is."""
        self.chance = _Chance(chance)
        name = f"answer_to_{reference.exercise.id}"
        self.names = vars(_run(name, f"<{name}>", text, reference.used))

    def call(
        self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], times: int = 1
    ) -> Callable[[], Any]:
        asked = packed([list(args), kwargs])  # as they are now
        return lambda: self._ask(self.names[name], asked)

    def probe(self, name: str, source: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        names = dict(self.names)
        exec(compile(source, "<probe>", "exec", dont_inherit=True), names)
        return self._ask(names[name], packed([list(args), kwargs]))

    def reading(self) -> contextlib.AbstractContextManager[None]:
        """Its values are our own."""
        return contextlib.nullcontext()

    def _ask(self, function: Callable[..., Any], asked: tuple[Any, bytes]) -> Any:
        args, kwargs = values.unpack(*asked)
        try:
            with self.chance:
                return _travelled(function(*args, **kwargs))
        except Exception as error:
            raise Raised(type(error).__name__, str(error)) from error


class _Chance:
    """Random numbers of one's own: inside the `with` block, all three generators go on where it left off."""

    def __init__(self, seed: int) -> None:
        outside = _random_states()
        seed_all(seed)
        self.inside = _random_states()
        _set_random_states(outside)

    def __enter__(self) -> None:
        self.outside = _random_states()
        _set_random_states(self.inside)

    def __exit__(self, *_: object) -> None:
        self.inside = _random_states()
        _set_random_states(self.outside)


def _random_states() -> tuple[Any, Any, Any]:
    return random.getstate(), np.random.get_state(), torch.default_generator.get_state()


def _set_random_states(states: tuple[Any, Any, Any]) -> None:
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.default_generator.set_state(states[2])


def _travelled(value: Any) -> Any:
    return values.unpack(*values.pack(value))


def packed(arguments: list[Any]) -> tuple[Any, bytes]:
    """Arguments of a question, ready to be sent. Raises TypeError if one cannot travel."""
    found, body = values.pack(arguments)
    if lost := next(_lost(found), None):
        raise TypeError(f"a {lost} cannot be sent to the answer; build it there, in a probe")
    return found, body


def _lost(found: Any) -> Iterator[str]:
    """The types of what was left behind in packing."""
    if isinstance(found, dict):
        if "$repr" in found:
            yield found["$repr"][0]
        found = list(found.values())
    if isinstance(found, list):
        for part in found:
            yield from _lost(part)


def load(
    exercises: Mapping[str, Exercise],
    known: Mapping[str, Reference],
    edition: str = "",
    only: Iterable[str] | None = None,
) -> tuple[dict[str, Reference], dict[str, str]]:
    """Runs the files of these exercises, keeping of `known` what has not changed; and why some cannot run.

    `only` these, and what they use.
    """
    loaded: dict[str, Reference] = {}
    faults: dict[str, str] = {}

    def reach(exercise_id: str, on_the_way: tuple[str, ...] = ()) -> Reference:
        if exercise_id in loaded:
            return loaded[exercise_id]
        if exercise_id in on_the_way:
            raise RecursionError(f"{exercise_id} uses itself")
        exercise, used = exercises[exercise_id], {}
        for each in exercise.uses:
            used.update(reach(each, (*on_the_way, exercise_id)).handed_on())
        kept = known.get(exercise_id)
        same = kept is not None and kept.exercise == exercise and kept.used == used
        loaded[exercise_id] = kept if kept and same else Reference(exercise, used, edition)
        return loaded[exercise_id]

    for exercise_id in exercises if only is None else only:
        try:
            reach(exercise_id)
        except Exception as error:
            faults[exercise_id] = f"{type(error).__name__}: {error}"
    return loaded, faults


def seed_all(seed: int) -> None:
    """From here on, whatever a check draws depends on this number alone."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed looks for GPUs first


def reset_models() -> None:
    """Takes every hook off the shipped models, which all of this process shares."""
    for entry in lab.models():
        with contextlib.suppress(lab.ModelUnavailable):
            lab.load(entry.name).reset_hooks(including_permanent=True)
    for checkpoint in on_the_way().values():
        checkpoint.reset_hooks(including_permanent=True)


def _run(name: str, file: str, text: str, given: Mapping[str, Any]) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(lab=lab, **given)
    sys.modules[name] = module  # dataclasses and type hints look their names up there
    exec(compile(text, file, "exec", dont_inherit=True), vars(module))
    return module
