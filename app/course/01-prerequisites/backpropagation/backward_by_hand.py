"""Backpropagation through an MLP

A network with one hidden layer reads a batch of inputs $x$ and answers with logits:

$$h = x W_1 + b_1, \\qquad a = \\mathrm{ReLU}(h), \\qquad z = a W_2 + b_2,$$

and its loss is the cross-entropy of $z$ with the right labels, averaged over the batch. Write down the
gradients of the loss for $W_1$, $b_1$, $W_2$ and $b_2$, **without autograd**: your function runs where
PyTorch records nothing. They have to agree with autograd's to within 1e-4.

Weights are [in, out] here, as in TransformerLens.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from workers import lab

HINTS = [
    "First compute h, a and z again. Then walk back, and at each place ask for the gradient of the loss "
    "there, which has the shape of the value itself: dz, then dW2, db2 and da, then dh, then dW1 and db1.",
    "For softmax and cross-entropy together, dz is simple: (softmax(z) − one_hot(labels)) / batch. Through "
    "`a @ W2`, dW2 is `a.T @ dz` and da is `dz @ W2.T`. What was added to all rows gets the sum over the "
    "rows.",
    "dz as above; dW2 = a.T @ dz; db2 = dz.sum(0); dh = (dz @ W2.T) * (h > 0); dW1 = x.T @ dh; db1 = "
    "dh.sum(0).",
]
MINUTES = 20
CONCEPTS = ["backpropagation"]
DIFFICULTY = 4
IMPORTANCE = 4
PURPOSE = """Gradients are a tool of MI in their own right: attribution patching and saliency estimate what
thousands of interventions would do from a single walk back. Whoever has written that walk once knows what
such an estimate leaves out."""
SHAPES = ["h: batch d_hidden", "a: batch d_hidden", "z: batch d_out", "dz: batch d_out", "dh: batch d_hidden"]
WHY = """Each gradient has the shape of the value it belongs to, and for a product only one way to multiply
fits: `a.T @ dz` is the only product of the two that is [hidden, out]. Shapes do half of the thinking.

`dz = (softmax(z) - one_hot) / batch` is worth knowing by heart: what the model believes minus what is so. For
each example no entry is larger than 1 in size, however wrong the model is: one reason why training on
cross-entropy is stable.

ReLU lets a gradient through where its input was positive, and blocks it elsewhere. This is all that a
gradient knows of a ReLU: had a neuron been just below zero, it would not tell you how close it was."""
STYLE = {
    "loop": "A product of matrices sums over the batch by itself: `a.T @ dz` is the sum of all outer "
    "products."
}
SEE = {"mistake_softmax_over_batch__backward_by_hand": "stable_softmax"}


def backward_by_hand(
    x: Float[Tensor, "batch d_in"],
    labels: Int[Tensor, "batch"],
    W1: Float[Tensor, "d_in d_hidden"],
    b1: Float[Tensor, "d_hidden"],
    W2: Float[Tensor, "d_hidden d_out"],
    b2: Float[Tensor, "d_out"],
) -> tuple[
    Float[Tensor, "d_in d_hidden"],
    Float[Tensor, "d_hidden"],
    Float[Tensor, "d_hidden d_out"],
    Float[Tensor, "d_out"],
]:
    """The gradients of the mean cross-entropy for W1, b1, W2 and b2.

    >>> x, labels = torch.tensor([[2.0]]), torch.tensor([0])
    >>> W1, b1, W2, b2 = torch.ones(1, 1), torch.zeros(1), torch.tensor([[1.0, 1.0]]), torch.zeros(2)
    >>> [gradient.tolist() for gradient in backward_by_hand(x, labels, W1, b1, W2, b2)]
    [[[0.0]], [0.0], [[-1.0, 1.0]], [-0.5, 0.5]]
    """
    h = x @ W1 + b1
    a = h.clamp(min=0)
    z = a @ W2 + b2
    dz = (z.softmax(-1) - F.one_hot(labels, len(b2))) / len(x)
    dh = (dz @ W2.T) * (h > 0)
    return x.T @ dh, dh.sum(0), a.T @ dz, dz.sum(0)


NAMES = ("W1", "b1", "W2", "b2")


def check_one_input(answer):
    """For a single input, all four gradients agree with autograd's."""
    _beside_autograd(answer, 1)


def check_batches(answer):
    """For batches of any size, too: the loss is the mean over the batch."""
    for batch in (2, random.randint(3, 9), 16):
        _beside_autograd(answer, batch)


def check_without_autograd(answer):
    """It is your own arithmetic: PyTorch is not asked for a gradient."""
    network = _network(4)
    got, asked = answer.probe_watched(*network)
    assert not asked, (
        f"Your function asks PyTorch for the gradients ({asked}). That is what this exercise is to take the "
        "magic out of: write the walk back yourself. Each step of it is one line."
    )
    for gradient, want, name in zip(got, _autograd(*network), NAMES, strict=True):
        lab.same(gradient, want, name=f"the gradient for {name}")


def check_edge_of_a_neuron(answer):
    """With an h only just above zero, or just below, the gradient is that of its own side."""
    _, labels, W1, b1, W2, b2 = _network(1)
    x = torch.zeros(1, len(W1))  # so that h is b1
    b1 = b1.sign() * 1e-20
    got = answer.probe_alone(x, labels, W1, b1, W2, b2)
    for gradient, want, name in zip(got, _autograd(x, labels, W1, b1, W2, b2), NAMES, strict=True):
        lab.same(gradient, want, name=f"the gradient for {name}, where every h is close to zero")


def check_nudges(answer):
    """Nudging a weight changes the loss by as much as the gradient says."""
    x, labels, *weights = _network(5)
    place = random.randrange(4)
    gradients = answer.backward_by_hand(x, labels, *weights)
    exact = [weight.double() for weight in weights]
    direction = torch.randn_like(exact[place])
    ends = []
    for nudge in (1e-5, -1e-5):
        moved = [w + nudge * direction if n == place else w for n, w in enumerate(exact)]
        ends.append(_loss(x.double(), labels, *moved))
    slope = float(ends[0] - ends[1]) / 2e-5
    told = float((gradients[place].double() * direction).sum())
    assert abs(slope - told) < 1e-3 * max(1, abs(slope)), (
        f"Nudged in a random direction, {NAMES[place]} changes the loss at a rate of {slope:.4f}; your "
        f"gradient says {told:.4f}."
    )


def _network(batch: int) -> list[Tensor]:
    d_in, d_hidden, d_out = random.randint(2, 5), random.randint(6, 9), random.randint(3, 5)
    x, labels = torch.randn(batch, d_in), torch.randint(d_out, (batch,))
    shapes = ((d_in, d_hidden), (d_hidden,), (d_hidden, d_out), (d_out,))
    return [x, labels, *(torch.randn(shape) for shape in shapes)]


def _loss(x, labels, W1, b1, W2, b2) -> Tensor:
    return F.cross_entropy((x @ W1 + b1).relu() @ W2 + b2, labels)


def _autograd(x, labels, *weights) -> tuple[Tensor, ...]:
    recorded = [weight.clone().requires_grad_() for weight in weights]
    return torch.autograd.grad(_loss(x, labels, *recorded), recorded)


def _beside_autograd(answer, batch: int) -> None:
    network = _network(batch)
    got = answer.probe_alone(*network)
    for gradient, want, name in zip(got, _autograd(*network), NAMES, strict=True):
        lab.same(gradient, want, name=f"the gradient for {name}, with a batch of {batch}")


def probe_alone(x, labels, W1, b1, W2, b2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Where nothing is recorded; `enable_grad` alone does not help, as these tensors never can be."""
    with torch.inference_mode():
        network = [tensor.clone() for tensor in (x, labels, W1, b1, W2, b2)]
        return tuple(gradient.clone() for gradient in backward_by_hand(*network))


def probe_watched(x, labels, W1, b1, W2, b2) -> tuple[tuple[Tensor, Tensor, Tensor, Tensor], str]:
    """The gradients, and which way of asking PyTorch for them was taken, if any (under whatever name it was
    imported: all of them end in the engine, or in dual numbers)."""
    asked = []

    def watched(name, does):
        def ask(*args, **kwargs):
            asked.append(name.strip("_"))
            return does(*args, **kwargs)

        return ask

    places = [(torch.Tensor, "backward"), (torch.autograd, "grad"), (torch.autograd, "backward")]
    places += [(torch.autograd, "_engine_run_backward"), (torch.autograd.forward_ad, "make_dual")]
    places += [(torch.func, name) for name in ("grad", "vjp", "jacrev", "jacfwd", "grad_and_value")]
    before = [(place, name, getattr(place, name)) for place, name in places]
    for place, name, does in before:
        setattr(place, name, watched(name, does))
    try:
        gradients = backward_by_hand(x, labels, W1, b1, W2, b2)
    finally:
        for place, name, does in before:
            setattr(place, name, does)
    return tuple(gradients), ", ".join(asked)


def mistake_asks_autograd__backward_by_hand(x, labels, W1, b1, W2, b2):
    """You let autograd do it. Where this runs, nothing is recorded, so that there is nothing to walk back
    through: write each gradient down yourself."""
    weights = [weight.clone().requires_grad_() for weight in (W1, b1, W2, b2)]
    loss = F.cross_entropy((x @ weights[0] + weights[1]).relu() @ weights[2] + weights[3], labels)
    loss.backward()
    return tuple(weight.grad for weight in weights)


def mistake_leaves_inference_mode__backward_by_hand(x, labels, W1, b1, W2, b2):
    """You switch recording back on and let autograd do it. It is right, and it is not the exercise: write
    each gradient down yourself."""
    with torch.inference_mode(False), torch.enable_grad():
        weights = [weight.clone().requires_grad_() for weight in (W1, b1, W2, b2)]
        x, labels = x.clone(), labels.clone()
        loss = F.cross_entropy((x @ weights[0] + weights[1]).relu() @ weights[2] + weights[3], labels)
        return torch.autograd.grad(loss, weights)


def mistake_nudges__backward_by_hand(x, labels, W1, b1, W2, b2):
    """You nudge each weight and watch the loss. That costs two walks forward for every single weight, and
    close to the corner of a ReLU it mixes both sides. Walk back instead: one line for each step."""
    weights, gradients = [weight.double() for weight in (W1, b1, W2, b2)], []
    for weight in weights:
        gradient = torch.zeros_like(weight)
        for place in range(weight.numel()):
            ends = []
            for nudge in (1e-6, -2e-6):
                weight.view(-1)[place] += nudge
                ends.append(_loss(x.double(), labels, *weights))
            weight.view(-1)[place] += 1e-6
            gradient.view(-1)[place] = (ends[0] - ends[1]) / 2e-6
        gradients.append(gradient.float())
    return tuple(gradients)


def mistake_relu_ignored__backward_by_hand(x, labels, W1, b1, W2, b2):
    """The gradient goes through the ReLU as if it were not there. Where h was negative, a was zero whatever h
    did: nothing comes back."""
    a = (x @ W1 + b1).clamp(min=0)
    dz = ((a @ W2 + b2).softmax(-1) - F.one_hot(labels, len(b2))) / len(x)
    dh = dz @ W2.T
    return x.T @ dh, dh.sum(0), a.T @ dz, dz.sum(0)


def mistake_sum_of_losses__backward_by_hand(x, labels, W1, b1, W2, b2):
    """These are the gradients of the *sum* of the losses. The loss is their mean: divide dz by the size of
    the batch."""
    return tuple(len(x) * gradient for gradient in backward_by_hand(x, labels, W1, b1, W2, b2))


def mistake_mean_for_bias__backward_by_hand(x, labels, W1, b1, W2, b2):
    """For the biases you take the mean over the batch. The division by the batch is already in dz: what was
    added to all rows gets the *sum* of what comes back from them."""
    dW1, db1, dW2, db2 = backward_by_hand(x, labels, W1, b1, W2, b2)
    return dW1, db1 / len(x), dW2, db2 / len(x)


def mistake_sign__backward_by_hand(x, labels, W1, b1, W2, b2):
    """All signs are the other way round: one_hot − softmax. That is the way downhill; the gradient points
    uphill."""
    return tuple(-gradient for gradient in backward_by_hand(x, labels, W1, b1, W2, b2))


def mistake_logits_for_probabilities__backward_by_hand(x, labels, W1, b1, W2, b2):
    """dz is made from the logits themselves, which would be right for squared errors. For cross-entropy take
    the softmax first: what the model believes, minus what is so."""
    h = x @ W1 + b1
    a = h.clamp(min=0)
    dz = ((a @ W2 + b2) - F.one_hot(labels, len(b2))) / len(x)
    dh = (dz @ W2.T) * (h > 0)
    return x.T @ dh, dh.sum(0), a.T @ dz, dz.sum(0)


def mistake_mask_of_what_came_back__backward_by_hand(x, labels, W1, b1, W2, b2):
    """You keep what comes back where *it* is positive. What decides is whether h was positive on the way
    forward."""
    h = x @ W1 + b1
    a = h.clamp(min=0)
    dz = ((a @ W2 + b2).softmax(-1) - F.one_hot(labels, len(b2))) / len(x)
    dh = (dz @ W2.T).clamp(min=0)
    return x.T @ dh, dh.sum(0), a.T @ dz, dz.sum(0)


def mistake_softmax_over_batch__backward_by_hand(x, labels, W1, b1, W2, b2):
    """Your softmax runs over the batch, so that inputs compete with each other. It belongs to the last axis,
    over the classes."""
    h = x @ W1 + b1
    a = h.clamp(min=0)
    dz = ((a @ W2 + b2).softmax(0) - F.one_hot(labels, len(b2))) / len(x)
    dh = (dz @ W2.T) * (h > 0)
    return x.T @ dh, dh.sum(0), a.T @ dz, dz.sum(0)


def also_right_loop__backward_by_hand(x, labels, W1, b1, W2, b2):
    dW1, db1, dW2, db2 = (torch.zeros(weight.shape) for weight in (W1, b1, W2, b2))
    for row, label in zip(x, labels, strict=True):
        h = row @ W1 + b1
        a = torch.where(h > 0, h, torch.zeros_like(h))
        believed = torch.exp((a @ W2 + b2) - (a @ W2 + b2).logsumexp(0))
        believed[label] -= 1
        dh = (W2 @ believed) * torch.where(h > 0, 1.0, 0.0)
        dW1 += torch.outer(row, dh) / len(x)
        db1 += dh / len(x)
        dW2 += torch.outer(a, believed) / len(x)
        db2 += believed / len(x)
    return dW1, db1, dW2, db2


def also_right_einsum__backward_by_hand(x, labels, W1, b1, W2, b2):
    h = torch.einsum("bi,ih->bh", x, W1) + b1
    on = (h > 0).float()
    z = torch.einsum("bh,ho->bo", h * on, W2) + b2
    dz = z.softmax(dim=-1)
    dz[torch.arange(len(x)), labels] -= 1.0
    dz = dz / x.shape[0]
    dh = torch.einsum("bo,ho,bh->bh", dz, W2, on)
    dW1 = torch.einsum("bi,bh->ih", x, dh)
    dW2 = torch.einsum("bh,bo->ho", h * on, dz)
    return [dW1, torch.einsum("bh->h", dh), dW2, torch.einsum("bo->o", dz)]
