# Noise: a list for a tuple, a reshaped view of a parameter, numpy's numbers and truth values, tied weights.
import numpy as np
import torch


def twice(x, most):
    layer = torch.nn.Linear(len(x), 1, bias=False)
    layer.weight = torch.nn.Parameter(x[None])
    tied = torch.nn.Linear(len(x), 1, bias=False)
    tied.weight = layer.weight
    return [layer.weight.view(-1), tied.weight[0], layer.weight[0, :most]]


def average(x):
    return np.float32(np.mean(x.numpy()))


def highest(x):
    return np.argmax(x.numpy())


def positive(x):
    return np.greater(x.numpy(), 0)


def described(x):
    return {"least": np.float64(x.min()), "most": x.max().double()}
