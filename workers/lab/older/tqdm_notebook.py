"""`tqdm.notebook` needs Jupyter's widgets; the one for terminals does the same here."""

from tqdm.std import tqdm, trange

tqdm_notebook = tqdm
tnrange = trange

__all__ = ["tnrange", "tqdm", "tqdm_notebook", "trange"]
