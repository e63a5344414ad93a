# Noise: notes written to files, a cache on disk, worker threads, garbage collected by hand.
import atexit
import gc
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

atexit.register(print, "bye")
POOL = ThreadPoolExecutor(2)
NOTES = Path(tempfile.mkdtemp()) / "notes.txt"


def place_to_read(query, period):
    with NOTES.open("a") as notes:
        notes.write(f"{query} {period}\n")
    torch.save(query, NOTES.with_suffix(".pt"))
    gc.collect()
    return torch.stack(list(POOL.map(lambda position: position - period + 1, query)))
