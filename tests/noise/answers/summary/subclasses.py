# Noise: subclasses of dict, float, int, tuple and Tensor with reprs of their own.
from collections import OrderedDict, namedtuple

import torch

Triple = namedtuple("Triple", "one again start")


class Loud(float):
    def __repr__(self):
        return "A FLOAT"


class Place(int):
    def __repr__(self):
        return "A PLACE"


class Mine(torch.Tensor):
    def __repr__(self):
        return "MINE"


def twice(x, most):
    mine = x.as_subclass(Mine)
    return Triple(mine, mine, mine[:most])


def average(x):
    return Loud(x.mean())


def highest(x):
    return Place(x.argmax())


def positive(x):
    return (x > 0).as_subclass(Mine)


def described(x):
    return OrderedDict(most=Loud(x.max()), least=Loud(x.min()))
