"""Names of hooks that do not exist, and which was meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

_LAYER = re.compile(r"blocks\.(\d+)\.")


class UnknownHook(KeyError):
    """No hook of this model has that name; the message names close ones."""

    def __str__(self) -> str:
        return str(self.args[0])


def unknown(name: object, known: Iterable[str], cfg: Any) -> str:
    """The sentence for a name that is not there."""
    text = str(name)
    hint = _layer(text, cfg) or _part(text, cfg) or _close(text, list(known))
    return f"No hook of this model is called {name!r}. {hint or 'All names: list(model.hook_dict).'}"


def check_matched(fits: Callable[[str], bool], known: Iterable[str]) -> None:
    """Raises `UnknownHook` if the filter fits none of these names."""
    if not any(fits(name) for name in known):
        raise UnknownHook(
            "Your filter fits the name of no hook, so nothing would happen. It is asked for each name, "
            "such as 'blocks.0.attn.hook_pattern'; all names: list(model.hook_dict)."
        )


def _layer(name: str, cfg: Any) -> str:
    found = _LAYER.match(name)
    if found is None or int(found[1]) < cfg.n_layers:
        return ""
    if cfg.n_layers == 0:
        return "It has no layers at all."
    return (
        f"It has {cfg.n_layers} layer{'s' * (cfg.n_layers > 1)}, and the last is blocks.{cfg.n_layers - 1}."
    )


def _part(name: str, cfg: Any) -> str:
    if getattr(cfg, "attn_only", False) and ("mlp" in name or "ln2" in name or name.endswith("resid_mid")):
        return "It has attention only: no MLPs, and nothing in the middle of a block."
    return ""


def _close(name: str, known: list[str]) -> str:
    """Names that end so, with `hook_` before it if that was left out, or those that look alike."""
    last = name.rsplit(".", 1)[-1]
    ends = [each for each in known if each.endswith((f".{last}", f".hook_{last}"))]
    layer = _LAYER.match(name)
    same_layer = [each for each in ends if layer and each.startswith(layer[0])]
    close = get_close_matches(name, known, n=2, cutoff=0.6)
    found = [*dict.fromkeys([*same_layer, *ends[:1], *close])] if ends else close
    return f"Did you mean {' or '.join(found[:2])}?" if found else ""
