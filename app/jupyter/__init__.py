"""A lesson as a notebook to take along, and a notebook that comes back in. Nothing here runs any code."""

from app.jupyter.bringing import Brought, Change, bring_in, last_brought, propose, undo
from app.jupyter.outputs import Bundle, shown
from app.jupyter.packing import lab_version, packed_lab, requirements
from app.jupyter.reading import MAX_NOTEBOOK, Found, read
from app.jupyter.writing import notebook, script

__all__ = [
    "MAX_NOTEBOOK",
    "Brought",
    "Bundle",
    "Change",
    "Found",
    "bring_in",
    "lab_version",
    "last_brought",
    "notebook",
    "packed_lab",
    "propose",
    "read",
    "requirements",
    "script",
    "shown",
    "undo",
]
