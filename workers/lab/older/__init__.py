"""Libraries that older notebooks import and nobody needs here: small ones of the same names stand in.

`display` and `circuitsvis` show on this page; a progress bar for notebooks is one for terminals. They are
offered only to the process that runs cells; there they win, as the real ones would show nothing on this page.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_STAND_INS = {
    "IPython": "workers.lab.older.ipython",
    "IPython.display": "workers.lab.older.ipython",
    "IPython.core": "workers.lab.older.ipython",
    "IPython.core.display": "workers.lab.older.ipython",
    "circuitsvis": "workers.lab.older.circuitsvis",
    **{
        f"circuitsvis.{part}": "workers.lab.older.circuitsvis"
        for part in ("attention", "tokens", "logits", "activations", "topk_tokens", "topk_samples", "utils")
    },
    "tqdm.notebook": "workers.lab.older.tqdm_notebook",
    "tqdm.autonotebook": "workers.lab.older.tqdm_notebook",
}


class _Finder(MetaPathFinder, Loader):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _STAND_INS:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        """Fill it with what stands in, parts of the same name (`circuitsvis.attention`) included."""
        real = importlib.import_module(_STAND_INS[module.__name__])
        part = getattr(real, module.__name__.rpartition(".")[2], real)
        source = part if "." in module.__name__ and isinstance(part, type) else real
        module.__dict__.update(
            {key: value for key, value in vars(source).items() if not key.startswith("__")}
        )
        if module.__name__ == "IPython":
            importlib.import_module("IPython.display")  # there it is a module, and not the function in it


def offer() -> None:
    """From now on they can be imported."""
    if not any(isinstance(each, _Finder) for each in sys.meta_path):
        for name in _STAND_INS:
            sys.modules.pop(name, None)  # some library may have looked whether it is there
        sys.meta_path.insert(0, _Finder())
