"""Train them, and let the examiner measure

Train one toy model for each sparsity, all at once: fresh features at each step, the reconstruction, the loss,
a step of the optimiser. Your `sparse_features`, `reconstruct` and `importance_loss` are there.

What you hand in are weights. The examiner puts them into *its* model and measures the loss on features that
it draws itself. And it knows a price to hold that against. A model of $m$ hidden numbers **without
superposition** can store $m$ features; of all others it can only guess the mean. So it pays at least

$$\\sum_{i \\text{ not stored}} I_i \\operatorname{Var}(x_i).$$

With dense features that is the best there is, and you may pay 15 % more. With sparse features you have to pay
**less than 60 %** of it, and who does that has more features in there than dimensions.

So that one can watch, `watch(step, W, loss)` is to be called after every step, if it is given: with the
number of the step, the weights, and the losses of all instances."""

import random
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

HINTS = [
    "Make W and b as leaf tensors that want gradients, and give *both* to the optimiser. The loss has one "
    "number for each instance; their sum is what to go backwards from.",
    "Draw W small and random (0.3 times `torch.randn`, say), b as zeros. Adam with a learning rate of 0.02, "
    "batches of 256 and about 1,000 steps is enough.",
    "In the loop: `x = sparse_features(sparsity, 256, len(importance))`, `loss = importance_loss(x, "
    "reconstruct(x, W, b), importance)`, `optimiser.zero_grad()`, `loss.sum().backward()`, "
    "`optimiser.step()`, `if watch: watch(step, W, loss)`. Return `W.detach(), b.detach()`.",
]
USES = ["sparse_features", "toy_reconstruction"]
MINUTES = 20
CONCEPTS = ["superposition"]
DIFFICULTY = 3
IMPORTANCE = 5
PURPOSE = """“A loss that nobody can reach without it” is how one shows that a mechanism is there, before
looking at a single weight. Here the mechanism is superposition, and you measure it by the same argument as
bigram entropies measure looking back."""
SHAPES = ["x: instance batch feature", "x_hat: instance batch feature", "loss: instance"]
WHY = """The instances share a loss, and do not share a weight: the sum of their losses has, with respect to
each instance's weights, exactly the gradient of that instance's own loss. With Adam, which scales each
weight's step by itself, training them together is the same as training each alone.

Fresh features at every step cost nothing here, and they make overfitting impossible: there is no training
set.

That the learning rate falls to nothing towards the end does not change *which* arrangement is found, only how
sharply. Which one is found depends on the beginning, too: at a sparsity where five features just pay, some
beginnings end with four. Look at several instances before you say “the model does”."""
STYLE = {"DataLoader": "Nothing has to be loaded: each step can draw fresh features."}
SEE = {
    "mistake_gradients_kept__train_toy_models": "momentum_sgd",
}


def train_toy_models(
    sparsity: Float[Tensor, "instance"],
    importance: Float[Tensor, "feature"],
    hidden: int,
    watch: Callable[[int, Tensor, Tensor], Any] | None = None,
) -> tuple[Float[Tensor, "instance hidden feature"], Float[Tensor, "instance feature"]]:
    """W and b of one trained toy model for each sparsity.

    `watch(step, W, loss)` is called after every step, if given; loss: one number for each instance.

    >>> W, b = train_toy_models(torch.tensor([0.0, 0.9]), torch.ones(3), hidden=2)
    >>> W.shape, b.shape
    (torch.Size([2, 2, 3]), torch.Size([2, 3]))
    """
    instances, features, steps = len(sparsity), len(importance), 1000
    W = (0.3 * torch.randn(instances, hidden, features)).requires_grad_()
    b = torch.zeros(instances, features, requires_grad=True)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    for step in range(steps):
        x = sparse_features(sparsity, 256, features)
        loss = importance_loss(x, reconstruct(x, W, b), importance)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        optimiser.param_groups[0]["lr"] = 0.02 * (1 - step / steps)
        if watch:
            watch(step, W, loss)
    return W.detach(), b.detach()


SECONDS = 10  # of computing
DENSE, SPARSE = 1.15, 0.6  # of the price without superposition


def check_dense(answer):
    """Dense features: the most important ones are stored, and the others guessed at their mean. (And
    whoever watches is told about every step.)"""
    hidden, features = random.choice([(2, 6), (3, 7), (3, 6)])
    stored = torch.randperm(features)[:hidden]
    importance = 0.04 + 0.06 * torch.rand(features)
    importance[stored] = 0.8 + 0.2 * torch.rand(hidden)
    sparsity = torch.zeros(3)
    W, b, seconds, count, last = answer.probe_train(sparsity, importance, hidden)
    _judge_time(seconds)
    _judge_shapes(W, b, 3, hidden, features)
    assert count >= 10, (
        "`watch` was called fewer than ten times. Call `watch(step, W, loss)` after every step, so that "
        "one can see the arrows move."
    )
    assert last is not None, (
        "The last argument of `watch` should be the losses of all instances, one number for each: `loss` "
        "before it is summed."
    )
    norms, shares = W.norm(dim=1), _shares(W, b, sparsity, importance)
    unseen = _losses(W, b, sparsity, importance)
    if shares.max() <= DENSE:
        _judge_losses(unseen, last)
        return
    kept = shares.max() < 6  # without a bias it is about 2, without training more than 6
    rest = torch.ones(features, dtype=torch.bool)
    rest[stored] = False
    assert b.abs().max() > 1e-3 or kept, (
        "With dense features your models reconstruct nearly nothing, and b is zero, as it was in the "
        "beginning. Were the weights you return ever trained?"
    )
    assert b.abs().max() > 1e-3, (
        "With dense features the important ones are stored, but b is zero. What is not stored should be "
        "guessed at its mean, and that takes the bias: does the optimiser have it?"
    )
    assert b.abs().max() < 3, (
        "With dense features your models have weights that ran away, b above all. That is a training that "
        "went wild: is the learning rate far too large, or are the gradients of earlier steps kept?"
    )
    assert b.abs().max() > 0.17, (  # about ¼ or more, also where the importance is ignored
        f"With dense features b has come no further than {b.abs().max():.5f}, and what is not stored "
        "should be guessed at its mean, ½. It is on the way: many more steps, or a larger learning rate."
    )
    assert norms[:, rest].max() < 0.6, (
        "With dense features your models store some that hardly matter, and lack some that do. Does the loss "
        "that you train on know the importance?"
    )
    silent = torch.relu(_hidden(sparsity, features) @ W.mT @ W + b[:, None]).mean(1).min()
    assert silent > 1e-3, (
        "With dense features one of your models says 0 for a feature on every example: its ReLU has died, "
        "and from there no gradient comes back. A smaller learning rate, or Adam."
    )
    raise AssertionError(
        f"With dense features your worst model pays {shares.max():.3f} times what the best model without "
        f"superposition pays; {DENSE} are allowed. It is on the way: more steps, or a larger learning rate."
    )


def check_sparse(answer):
    """Sparse features: the loss is one that no model without superposition can reach."""
    importance = 0.8 + 0.2 * torch.rand(5)
    sparsity = torch.tensor([0.0, random.uniform(0.94, 0.96), random.uniform(0.96, 0.975)])
    W, b, seconds, _, last = answer.probe_train(sparsity, importance, 2)
    _judge_time(seconds)
    _judge_shapes(W, b, 3, 2, 5)
    shares = _shares(W, b, sparsity, importance)
    stored = (W.norm(dim=1) > 0.5).sum(-1)
    if shares[0] > DENSE + 0.1:
        raise AssertionError(
            f"Of three models, one with dense features and two with sparse ones, the dense one pays "
            f"{shares[0]:.4f} times what is needed, although it did well among its like. Does every instance "
            "get features of its own sparsity?"
        )
    worst = int(shares[1:].argmax()) + 1
    if shares[worst] <= SPARSE:
        return
    price = f"what a model without superposition has to pay; less than {SPARSE} is asked for"
    unseen = _losses(W, b, sparsity, importance)
    assert last is None or (unseen < 4 * last + 1e-4)[1:].all(), (
        "On features that it has not seen, a sparse model of yours does far worse than in its last steps of "
        "training. Draw *fresh* features at every step: it knows the same few examples by heart."
    )
    assert shares[worst] < 1.2, (
        f"Your sparse models pay more than {price}, and more than models without it would. What were they "
        "trained on? Features of their own sparsity, each step?"
    )
    assert stored[worst] > 3 or shares[worst] < 0.8, (
        f"Your sparse models pay about {price}: they store two or three of five features, and leave the "
        "rest. That is the best a *linear* model can do. Is the ReLU there while you train?"
    )
    raise AssertionError(
        f"At sparsity {sparsity[worst]:.3f} your model pays {shares[worst]:.3f} times {price}. It stores "
        f"{int(stored[worst])} of 5 features. More steps?"
    )


def _judge_losses(unseen: Tensor, last: Tensor) -> None:
    """What `watch` was told is no less than what these weights cost, up to a factor of two."""
    assert (last > unseen / 2).all(), (
        f"The losses that `watch` was told in the end are about {last.mean():.6f}, and your weights cost "
        f"{unseen.mean():.6f} on features of their sparsity. Tell it `loss`, as `importance_loss` gives it."
    )


def _judge_time(seconds: float) -> None:
    assert seconds <= SECONDS, (
        f"Your training took {seconds:.0f} s of computing, and {SECONDS} are allowed. 1,000 steps with "
        "batches of 256 take about one."
    )


def _judge_shapes(W: Any, b: Any, instances: int, hidden: int, features: int) -> None:
    wanted = ("W", (instances, hidden, features)), ("b", (instances, features))
    for (name, shape), got in zip(wanted, (W, b), strict=True):
        found = tuple(got.shape) if isinstance(got, Tensor) else None
        assert found == shape, (
            f"For {instances} instances, {hidden} hidden numbers and {features} features {name} should "
            f"have shape {shape}, but it has {found or 'none at all'}. Return `W, b`."
        )


EXAMPLES = 40_000


def _hidden(sparsity: Tensor, features: int) -> Float[Tensor, "instance batch feature"]:
    shape = (len(sparsity), EXAMPLES, features)
    return torch.rand(shape) * (torch.rand(shape) >= sparsity[:, None, None])


def _errors(x: Tensor, W: Tensor, b: Tensor, importance: Tensor) -> Float[Tensor, "instance"]:
    x_hat = torch.relu(x @ W.float().mT @ W.float() + b.float()[:, None])
    return (importance * (x - x_hat) ** 2).sum(-1).mean(-1)


def _losses(W: Tensor, b: Tensor, sparsity: Tensor, importance: Tensor) -> Float[Tensor, "instance"]:
    return _errors(_hidden(sparsity, len(importance)), W, b, importance)


def _shares(W: Tensor, b: Tensor, sparsity: Tensor, importance: Tensor) -> Float[Tensor, "instance"]:
    """What each model pays on private features, in units of the price without superposition."""
    x = _hidden(sparsity, len(importance))
    spared = (importance * x.var(1)).sort(-1).values[:, : len(importance) - W.shape[1]].sum(-1)
    return _errors(x, W, b, importance) / spared


def probe_train(sparsity, importance, hidden) -> tuple[Any, Any, float, int, Any]:
    """Weights, seconds of computing, how often `watch` was called, and the mean of the last losses."""
    import time

    seen = []

    def watch(step, W, loss):
        good = isinstance(loss, torch.Tensor) and loss.shape == sparsity.shape
        seen.append(loss.detach().clone() if good else None)

    began = time.process_time()
    found = train_toy_models(sparsity, importance, hidden, watch)
    seconds = time.process_time() - began
    W, b = found if isinstance(found, tuple | list) and len(found) == 2 else (None, None)
    late = seen[-50:]
    last = torch.stack(late).mean(0) if late and all(each is not None for each in late) else None
    return W, b, seconds, len(seen), last


def _train(sparsity, importance, hidden, watch, **other):
    """A shorter loop than the reference's, with something else in it: mistakes are tried out by the dozen."""
    steps, rate = other.get("steps", 200), other.get("rate", 0.05)
    W = (0.3 * torch.randn(len(sparsity), hidden, len(importance))).requires_grad_()
    b = torch.zeros(len(sparsity), len(importance), requires_grad=True)
    optimiser = torch.optim.Adam([W, b][: other.get("trained", 2)], lr=rate)
    for step in range(steps):
        x = sparse_features(sparsity, 64, len(importance))
        loss = importance_loss(x, other.get("model", reconstruct)(x, W, b), other.get("costs", importance))
        if not other.get("keep"):
            optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        optimiser.param_groups[0]["lr"] = rate * (1 - step / steps)
        if watch:
            watch(step, W, loss)
    return W.detach(), b.detach()


def mistake_no_step__train_toy_models(sparsity, importance, hidden, watch=None):
    """The weights are the ones you began with. Is `optimiser.step()` there, and does the optimiser hold
    *these* tensors? (A `0.3 * torch.randn(…, requires_grad=True)` is no leaf: its gradient stays None.)"""
    return _train(sparsity, importance, hidden, watch, rate=0.0, steps=20)


def mistake_bias_left_out__train_toy_models(sparsity, importance, hidden, watch=None):
    """The bias never moves: the optimiser has only W. Hand it both, `[W, b]`."""
    return _train(sparsity, importance, hidden, watch, trained=1)


def mistake_importance_ignored__train_toy_models(sparsity, importance, hidden, watch=None):
    """To your training all features matter alike, so that it is left to chance which are stored. Weigh the
    loss by `importance`."""
    return _train(sparsity, importance, hidden, watch, costs=torch.ones_like(importance))


def mistake_gradients_kept__train_toy_models(sparsity, importance, hidden, watch=None):
    """`backward` adds to the gradients that are there. Without `optimiser.zero_grad()` every step repeats all
    steps before it, and the weights run away."""
    return _train(sparsity, importance, hidden, watch, keep=True)


def mistake_one_sparsity__train_toy_models(sparsity, importance, hidden, watch=None):
    """All your instances are trained at the same sparsity. Each is to have its own: hand `sparsity` on as it
    is."""
    same = sparsity.mean().expand(len(sparsity))
    return _train(same, importance, hidden, watch, steps=400)


def mistake_hardly_trained__train_toy_models(sparsity, importance, hidden, watch=None):
    """The training ends when it has hardly begun: b has not reached the means that it should guess. Take more
    steps, or a larger learning rate."""
    return _train(sparsity, importance, hidden, watch, rate=0.002, steps=100)


def mistake_nobody_told__train_toy_models(sparsity, importance, hidden, watch=None):
    """The models may be trained well, but `watch` is never called: nobody can see how they got there."""
    return _train(sparsity, importance, hidden, None, steps=10)


def also_right_sgd__train_toy_models(sparsity, importance, hidden, watch=None):
    W = torch.nn.Parameter(torch.nn.init.xavier_normal_(torch.empty(len(sparsity), hidden, len(importance))))
    b = torch.nn.Parameter(torch.zeros(len(sparsity), len(importance)))
    optimiser = torch.optim.SGD([W, b], lr=0.1, momentum=0.9)
    for step in range(2500):
        x = sparse_features(sparsity, 200, len(importance))
        loss = importance_loss(x, reconstruct(x, W, b), importance)
        loss.sum().backward()
        optimiser.step()
        optimiser.zero_grad()
        if watch is not None:
            watch(step, W.detach().clone(), loss.detach())
    return W, b


def also_right_one_by_one__train_toy_models(sparsity, importance, hidden, watch=None):
    everything = []
    for one in sparsity.split(1):
        seen = []
        everything.append(
            (
                *_train(one, importance, hidden, lambda *each, s=seen: s.append(each), steps=600, rate=0.03),
                seen,
            )
        )
    for steps in zip(*(seen for *_, seen in everything), strict=True):
        if watch:
            watch(steps[0][0], torch.cat([W for _, W, _ in steps]), torch.cat([loss for *_, loss in steps]))
    return torch.cat([W for W, *_ in everything]), torch.cat([b for _, b, _ in everything])


def also_right_by_hand__train_toy_models(sparsity, importance, hidden, watch=None):
    weights = [
        0.2 * torch.randn(len(sparsity), hidden, len(importance)),
        torch.zeros(len(sparsity), len(importance)),
    ]
    first, second = ([torch.zeros_like(each) for each in weights] for _ in range(2))
    for step in range(1, 1201):
        W, b = (each.requires_grad_() for each in weights)
        x = sparse_features(sparsity, 512, len(importance))
        loss = importance_loss(x, reconstruct(x, W, b), importance)
        gradients = torch.autograd.grad(loss.sum(), [W, b])
        with torch.no_grad():
            for each, gradient, m, v in zip(weights, gradients, first, second, strict=True):
                m.lerp_(gradient, 0.1)
                v.lerp_(gradient**2, 0.001)
                each -= 0.02 * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
        if watch:
            watch(step, W, loss)
    return tuple(each.detach() for each in weights)
