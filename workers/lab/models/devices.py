"""Where models stand: on the processors, or on the GPU of a run that has one.

The copy on the processors is shared by all processes of a machine. One for a GPU is made from it, in the
process that wants it: nobody else can use that memory.

Nobody has run this on a GPU yet. What is tested is the way there, with other devices that torch knows.
"""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, NamedTuple

import torch

from workers.lab.models import loading, steps
from workers.lab.models.registry import ModelUnavailable, UnknownModel, models

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


class Which(NamedTuple):
    """One of the models that `load` gives, by what it has to be asked for."""

    name: str
    folded: bool = False
    step: int | None = None  # of a checkpoint


_here = torch.device("cpu")
_loaded: dict[Which, None] = {}  # all that this process has
_copies: dict[tuple[Which, torch.device], TransformerBridge] = {}


def device() -> torch.device:
    """Where this run computes: `cpu`, or the GPU of its own. Make tensors for a model there.

    >>> torch.zeros(1, 4, dtype=torch.long, device=device()).device.type
    'cpu'
    """
    return _here


def use(name: str) -> None:
    """From now on `load` puts models on this device."""
    global _here
    _here = torch.device(name)


def prepare(name: str) -> None:
    """Make this process ready for the device: open it, and have a copy of every model there that is loaded.

    For processes that are about to be confined, and then could no longer open it.
    """
    wanted = torch.device(name)
    torch.zeros(1, device=wanted)
    for model, folded, step in tuple(_loaded):
        if folded or step is not None:  # those come when they are asked for: a GPU need not hold all twice
            continue
        with contextlib.suppress(UnknownModel, ModelUnavailable):  # it has been removed since
            load(model, device=wanted)


def load(
    name: str,
    folded: bool = False,
    *,
    step: int | None = None,
    device: torch.device | str | None = None,
) -> TransformerBridge:
    """The model of that name, ready to read: eval mode, parameters frozen, tokenizer attached.

    `folded`: with its norms folded into the weights and what is written to the residual stream centred, as
    TransformerLens's compatibility mode does it. Shipped models are made that way.

    `step`: as it was after so many steps of its training; `lab.checkpoints(name)` lists those there are.

    It stands where this run computes (`lab.device()`), or on the `device` given. One process holds one copy a
    device: loading twice gives the same object, hooks and all (a checkpoint, as long as somebody holds it).
    To train it or to take gradients by its weights, say `model.requires_grad_(True)`; to change it at will,
    take a `deepcopy`.
    Raises `UnknownModel` or `ModelUnavailable`, each with a sentence that says what to do.
    """
    wanted = _here if device is None else torch.device(device)
    model = loading.load(name, folded, step)
    asked = Which(name, folded, None if step is None else steps.whole(step))
    _loaded[asked] = None
    if wanted.type == "cpu":
        return model
    if (asked, wanted) not in _copies:
        _copies[asked, wanted] = _copied(model, wanted)
    return _copies[asked, wanted]


def checkpoints(name: str) -> list[int]:
    """The steps of its training at which `lab.load(name, step=…)` gives a model, ascending; `[]` if none.

    A step is one update of the weights: the model at step 0 is as it was drawn, the last is trained. They lie
    where something happens, not evenly: draw what you measure over these numbers, not over their places in
    the list. Each is a model like any other (hooks, cache; it may be handed to a function of an exercise).
    Loading one takes some hundredths of a second; it is let go with the last name that holds it. They are
    stored in fp16, which moves no loss by more than a thousandth.

    - `attn-only-2l`, 12 from 0 to 1600: induction arrives between 800 and 950. Before, the second copy of
      random tokens costs about 6 nats, afterwards under 1; heads 1.3, 1.5 and 1.6 become induction heads
      while 0.0 becomes the previous-token head. They are from a second run of its recipe, and the last
      differs from `lab.load("attn-only-2l")` by up to 0.02 in a weight.
    - `modular-addition`, 14 from 0 to 8000: it knows its training pairs by heart from step 500 on, and most
      other pairs only after 3500. The last is `lab.load("modular-addition")` itself, number for number.

    Raises as `load` does.
    """
    return loading.checkpoints(name)


def which(value: object) -> Which | None:
    """What `load` has to be asked for to give this very object; None if it never does."""
    name = getattr(getattr(value, "cfg", None), "model_name", None)
    if not isinstance(name, str) or name not in {entry.name for entry in models()}:
        return None
    for folded in (False, True):
        with contextlib.suppress(ModelUnavailable):
            if loading.load(name, folded) is value:
                return Which(name, folded)
    for (of, step), one in loading.on_the_way().items():
        if one is value:
            return Which(of, step=step)
    return next((asked for (asked, _), one in _copies.items() if one is value), None)


def _copied(model: TransformerBridge, wanted: torch.device) -> TransformerBridge:
    """The same model with its numbers on another device. They go there directly: no second copy here."""
    moved = {id(one): _moved(one, wanted) for one in (*model.parameters(), *model.buffers())}
    made = copy.deepcopy(model, {**moved, id(model.tokenizer): model.tokenizer})
    made.to(wanted, print_details=False)  # for its configuration, which places what it makes
    return made


def _moved(tensor: torch.Tensor, wanted: torch.device) -> torch.Tensor:
    there = tensor.detach().to(wanted)
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(there, requires_grad=tensor.requires_grad)
    return there
