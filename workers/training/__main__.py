"""`python -m workers.training [name ...]`: train the shipped models again, all of them or those named."""

import argparse

import torch

from workers.training.makers import MAKERS
from workers.training.making import make


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m workers.training", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(MAKERS)}; all if none")
    names = parser.parse_args().names
    if unknown := set(names) - set(MAKERS):
        parser.error(f"no recipe for {', '.join(sorted(unknown))}; there are {', '.join(MAKERS)}")
    torch.set_num_threads(1)  # the models are too small to gain from more
    for name in names or MAKERS:
        make(MAKERS[name])


if __name__ == "__main__":
    main()
