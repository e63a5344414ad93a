"""Is the hub there? Found out once, quickly: its library would try each missing file again for minutes."""

from __future__ import annotations

import os
import threading
import urllib.error
import urllib.request

SECONDS = 4.0


def is_offline() -> bool:
    """Whether the hub cannot be asked; says so to its library, which reads that when it is first imported."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() not in ("1", "ON", "YES", "TRUE"):
        if _answers(endpoint()):
            return False
        os.environ["HF_HUB_OFFLINE"] = "1"
    return True


def endpoint() -> str:
    """Where the hub is, or the operator's mirror of it."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def _answers(address: str) -> bool:
    """In a thread: looking up a name has no time-out of its own."""
    found: list[bool] = []
    asking = threading.Thread(target=lambda: found.append(_ask(address)), daemon=True)
    asking.start()
    asking.join(SECONDS)
    return found == [True]


def _ask(address: str) -> bool:
    request = urllib.request.Request(address, method="HEAD")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return True
    except urllib.error.HTTPError:  # somebody is there
        return True
    except (OSError, ValueError):
        return False
