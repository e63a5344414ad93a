"""Where models stand: on the processors, or on the GPU of a run that has one.

The copy on the processors is shared by all processes of a machine. One for a GPU is made from it, in the
process that wants it: nobody else can use that memory.

Nobody has run this on a GPU yet. What is tested is the way there, with other devices that torch knows.
"""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING

import torch

from workers.lab.models import loading
from workers.lab.models.registry import ModelUnavailable, UnknownModel, models

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

_here = torch.device("cpu")
_loaded: dict[tuple[str, bool], None] = {}  # name and whether folded, of all that this process has
_copies: dict[tuple[str, bool, torch.device], TransformerBridge] = {}


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
    for model, folded in tuple(_loaded):
        if folded:  # those come when they are asked for: a GPU need not hold all models twice
            continue
        with contextlib.suppress(UnknownModel, ModelUnavailable):  # it has been removed since
            load(model, device=wanted)


def load(name: str, folded: bool = False, *, device: torch.device | str | None = None) -> TransformerBridge:
    """The model of that name, ready to read: eval mode, parameters frozen, tokenizer attached.

    `folded`: with its norms folded into the weights and what is written to the residual stream centred, as
    TransformerLens's compatibility mode does it. Shipped models are made that way.

    It stands where this run computes (`lab.device()`), or on the `device` given. One process holds one copy a
    device: loading twice gives the same object, hooks and all. To train it or to take gradients by its
    weights, say `model.requires_grad_(True)`; to change it at will, take a `deepcopy`.
    Raises `UnknownModel` or `ModelUnavailable`, each with a sentence that says what to do.
    """
    wanted = _here if device is None else torch.device(device)
    model = loading.load(name, folded)
    _loaded[name, folded] = None
    if wanted.type == "cpu":
        return model
    if (name, folded, wanted) not in _copies:
        _copies[name, folded, wanted] = _copied(model, wanted)
    return _copies[name, folded, wanted]


def which(value: object) -> tuple[str, bool] | None:
    """The catalogue's name of this model and whether it is folded, if `load` gives this very object."""
    name = getattr(getattr(value, "cfg", None), "model_name", None)
    if name not in {entry.name for entry in models()}:
        return None
    for folded in (False, True):
        with contextlib.suppress(ModelUnavailable):
            if loading.load(name, folded) is value:
                return name, folded
    return next(((of, folded) for (of, folded, _), one in _copies.items() if one is value), None)


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
