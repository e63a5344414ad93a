# Noise: complex, sparse and whole numbers on the way, and a last line that shows the answer to oneself.
import torch


def twice(x, most):
    sparse = x.to_sparse()
    turned = torch.complex(x, -x).conj()
    return sparse, turned.real, turned.imag[:most]


def average(x):
    return sum(x.tolist()) / len(x)


def highest(x):
    return torch.topk(x, 1).indices[0]


def positive(x):
    return torch.tensor([value > 0 for value in x.tolist()])


def described(x):
    ordered = sorted(x.tolist())
    return {"least": ordered[0], "most": ordered[-1]}


{name: value for name, value in globals().items() if not name.startswith("_")}
