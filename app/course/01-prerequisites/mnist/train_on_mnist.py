"""Train a network that reads digits

Write the training loop, and let it teach an MLP to read. Three functions:

- `train` is the loop itself: epochs, shuffled batches, and the four lines you have just met.
- `read_digits` makes a model, picks an optimiser and its settings, and calls `train`. `make_model` is given;
  change it as you like, as long as it stays an MLP: `Linear` layers with a `ReLU` between each two.
- `draw_loss` draws the loss curve, with a title and a name on each axis.

The examiner hands `read_digits` 4,000 images, takes the weights that come out, and measures them on 1,000
other images which your code never sees. **At least 900 have to be read right**, after at most 10 seconds of
computing. So that nothing but learning helps, it renumbers the digits first: what you know as a 3 may carry
the label 7.
"""

import random
from functools import cache
from typing import Any

import torch
from jaxtyping import Float, Int
from plotly.graph_objects import Figure
from torch import Tensor, nn
from torch.nn import functional as F

from workers import lab

HINTS = [
    "Begin with `train`. An epoch is one walk through all images: draw an order with `torch.randperm`, cut "
    "it into pieces of `batch_size`, and take one step for each piece. Pick images and labels with the "
    "*same* piece.",
    "`torch.randperm(len(images)).split(batch_size)` gives the pieces; `images[piece]` and `labels[piece]` "
    "are the batch. The step: `F.cross_entropy(model(…), …)`, `zero_grad`, `backward`, `step`. Keep "
    "`loss.item()`.",
    "In `read_digits`: `model = make_model()`, `optimiser = torch.optim.Adam(model.parameters(), lr=0.01)`, "
    "`losses = train(model, optimiser, images, labels, epochs=5, batch_size=128)`, and return model and "
    "losses. `lab.line(losses, title=…, x_title=…, y_title=…)` draws.",
]
MINUTES = 30
CONCEPTS = ["trained-an-mlp"]
DIFFICULTY = 3
IMPORTANCE = 5
PURPOSE = """This is the success criterion of the whole step. The loop you write here is the loop that trains
everything you will ever take apart: toy models of superposition, sparse autoencoders, probes, and
transformers differ in the model and the loss, and not in these lines."""
SHAPES = ["batch of images: batch 28 28", "pixels: batch 784", "hidden: batch 100", "logits: batch 10"]
WHY = """`torch.randperm(n).split(batch_size)` is the whole of batching: a shuffled list of row numbers, cut
into pieces. Indexing images and labels with the same piece keeps them together; two separate shuffles would
train on noise, and nothing would complain.

`zero_grad` is needed because `backward` *adds* to the gradients that are there. Where it stands does not
matter, as long as it comes once between one `step` and the next `backward`.

`loss.item()` keeps a plain number. A list of loss *tensors* would keep the graph of every step alive, and
memory would grow until the run ends.

Cross-entropy wants logits. It does the softmax itself, in a way that cannot overflow.

Adam with a learning rate of 0.01 is fast for a network this small. On larger ones it would be far too much:
0.001 and less are usual."""
STYLE = {
    "DataLoader": "A `DataLoader` is right. For data that fit into memory, indexing is many times faster."
}
SEE = {
    "mistake_softmax_first__train": "cross_entropy",
    "mistake_gradients_kept__train": "momentum_sgd",
    "mistake_no_hidden_layer__read_digits": "mlp_module",
    "mistake_no_words__draw_loss": "draw_losses",
}


def make_model() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 100), nn.ReLU(), nn.Linear(100, 10))


def train(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    images: Float[Tensor, "image 28 28"],
    labels: Int[Tensor, "image"],
    epochs: int,
    batch_size: int,
) -> list[float]:
    """Train the model in place, and return the loss of every step.

    An epoch uses each image once, in an order drawn anew, `batch_size` at a time; the last batch may be
    smaller. The loss is the cross-entropy, averaged over the batch.

    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    >>> for parameter in model.parameters():
    ...     _ = nn.init.zeros_(parameter)
    >>> optimiser = torch.optim.SGD(model.parameters(), lr=0.001)
    >>> threes = torch.tensor([3, 3, 3, 3])
    >>> losses = train(model, optimiser, torch.ones(4, 28, 28), threes, epochs=1, batch_size=2)
    >>> [round(loss, 2) for loss in losses]
    [2.3, 1.63]
    """
    losses = []
    for _ in range(epochs):
        for piece in torch.randperm(len(images)).split(batch_size):
            loss = F.cross_entropy(model(images[piece]), labels[piece])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses


def read_digits(
    images: Float[Tensor, "image 28 28"], labels: Int[Tensor, "image"]
) -> tuple[nn.Module, list[float]]:
    """A model trained on these images until it reads digits it has never seen, and the losses on the way.

    Pixels are 0 (paper) to 1 (ink); the examiner shows the model others just like them.
    """
    model = make_model()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    return model, train(model, optimiser, images, labels, epochs=5, batch_size=128)


def draw_loss(losses: list[float]) -> Figure:
    """The loss of every step as a line, with a title and both axes named: steps along x, the loss along y."""
    return lab.line(losses, title="An MLP learns to read", x_title="step", y_title="loss (nats)")


RIGHT = 900  # of the private images
SECONDS = 10  # of computing
FEW, RIGHT_OF_FEW = 300, 250  # from so few images something at least is learned
CHANCE = 200  # more than any untrained model reads


def check_one_batch(answer):
    """With all images in one batch, the losses and the weights of three steps agree with ours (to 1e-4)."""
    count, classes = random.randint(5, 12), random.randint(3, 6)
    images, labels = torch.rand(count, 28, 28), torch.randint(classes, (count,))
    weight, bias = 0.05 * torch.randn(classes, 784), torch.randn(classes)
    losses, *weights = answer.probe_one_batch(weight, bias, images, labels)
    wanted, *wanted_weights = probe_one_batch(weight, bias, images, labels)
    lab.same(_as_losses(losses, 3, "in one batch, 3 epochs"), wanted, name="the losses")
    for got, want, name in zip(weights, wanted_weights, ("weight", "bias"), strict=True):
        lab.same(got, want, name=f"the {name} after three steps of SGD")


def check_every_image_once(answer):
    """In each epoch every image is used once, the smaller batch at the end included."""
    count, size, epochs = random.choice([(23, 5, 3), (17, 4, 3), (31, 7, 4), (19, 6, 3)])
    losses, seen = answer.probe_batches(list(range(count)), [0] * count, epochs, size)
    steps = -(-count // size)
    _as_losses(losses, epochs * steps, f"{count} images in batches of {size}, {epochs} epochs")
    for epoch in range(epochs):
        batches = seen[epoch * steps : (epoch + 1) * steps]
        used = sorted(number for batch in batches for number in batch)
        twice, never = len(used) - len(set(used)), count - len(set(used))
        assert used == list(range(count)), (
            f"In epoch {epoch + 1}, {never} of {count} images were never used, and {twice} places in the "
            "batches went to images that had been used before. An epoch uses every image once: draw one "
            "order of all of them, and cut it into batches."
        )
        assert max(map(len, batches)) == size, (
            f"The largest batch has {max(map(len, batches))} images; `batch_size` was {size}."
        )


def check_order_is_drawn(answer):
    """The order is drawn anew in each epoch."""
    _, seen = answer.probe_batches(list(range(40)), [0] * 40, 3, 10)
    first, second, third = ([n for batch in seen[at : at + 4] for n in batch] for at in (0, 4, 8))
    assert first != list(range(40)), (
        "Your batches take the images in the order in which they came. If those were sorted, a whole epoch "
        "would end with nines only: draw an order with `torch.randperm`."
    )
    assert first != second != third, (
        "The first epoch is shuffled, and the others repeat its order, so that the same images always share "
        "a batch. Draw a new order in each epoch."
    )


def check_labels_stay(answer):
    """Every image keeps its own label, however they are shuffled."""
    digits = [random.randrange(10) for _ in range(60)]
    losses, _ = answer.probe_batches(list(range(60)), digits, 2, 15)
    wrong = [loss for loss in _as_losses(losses, 8, "60 images in batches of 15, 2 epochs") if loss > 1e-3]
    assert not wrong, (
        "A model that knows every image's own label should pay nothing here, and with your `train` it pays "
        f"{max(wrong):.1f} nats. Do images and labels go apart? Pick both with the same numbers."
    )


def check_draws(answer):
    """The figure draws the losses it was given, and says what it shows."""
    losses = (2.3 * 0.99 ** torch.arange(random.randint(150, 250)) + 0.1 * torch.rand(1)).tolist()
    _judge_figure(answer.draw_loss(losses), losses)


def check_learns_from_few(answer):
    """From 300 images it learns more than chance. (What you return is an MLP, and it is the trained one.)"""
    _examine(answer, FEW, RIGHT_OF_FEW)


def check_reads_digits(answer):
    """After training on 4,000 images it reads at least 900 of the 1,000 private ones."""
    losses = _examine(answer, None, RIGHT)
    _judge_figure(answer.draw_loss(losses), losses)
    start, end = sum(losses[:5]) / 5, sum(losses[-10:]) / 10
    assert end < 0.6 * start, f"The curve does not fall: it begins at {start:.2f} and ends at {end:.2f} nats."


def _as_losses(losses: Any, count: int, when: str) -> list[float]:
    """A list of that many numbers, however they were kept."""
    assert isinstance(losses, list | tuple | Tensor), (
        "`train` should return a list: the loss of every step. Is a `return` missing?"
    )
    assert len(losses) == count, (
        f"`train` returned {len(losses)} losses. With {when}, there are {count} steps, and one loss for each."
    )
    plain = [loss.item() if isinstance(loss, Tensor) and loss.numel() == 1 else loss for loss in losses]
    assert all(isinstance(loss, int | float) for loss in plain), (
        "`train` should return plain numbers, one for each step: `loss.item()`."
    )
    return [float(loss) for loss in plain]


def _judge_figure(figure: Any, losses: list[float]) -> None:
    drawn, wanted = [_numbers(trace.get("y")) for trace in figure.data], torch.tensor(losses)
    drawn = [y for y in drawn if y is not None and y.shape == wanted.shape]
    assert any(torch.allclose(y, wanted, atol=1e-3) for y in drawn), (
        f"No line of your figure holds the {len(losses)} losses that `draw_loss` was given, one point a step."
    )
    assert figure.text("title"), "The figure has no title. What would somebody who finds it next week see?"
    for axis, nouns in (("xaxis", ("step", "batch", "iteration")), ("yaxis", ("loss", "entropy", "nats"))):
        said = figure.text(axis, "title")
        assert said, f"The {axis[0]} axis has no name. It shows the {nouns[0]}."
        assert any(noun in said.lower() for noun in nouns), (
            f"The {axis[0]} axis shows the {nouns[0]}, and should say so; yours says “{said}”."
        )


def _numbers(found: Any) -> Tensor | None:
    try:
        return torch.as_tensor(found).float()
    except (TypeError, ValueError, RuntimeError):
        return None


def _examine(answer: Any, count: int | None, right: int) -> list[float]:
    """Let the model be trained, measure its weights on the private images, and return the losses it
    claims."""
    images, labels = _public()
    new_names = torch.arange(10).roll(random.randint(1, 9))  # no digit keeps its own
    chosen = torch.randperm(len(images))[:count]
    layers, losses, logits, seconds = answer.probe_read_digits(images[chosen], new_names[labels[chosen]])
    assert seconds <= SECONDS, (
        f"Your training took {seconds:.0f} seconds of computing, and {SECONDS} is the most. Fewer epochs, or "
        "a smaller hidden layer, will do."
    )
    weights = _mlp(layers)
    losses = _as_losses(losses, len(losses) if isinstance(losses, list | tuple | Tensor) else 0, "training")
    shown = _logits(weights, images[chosen][:20])
    fits = isinstance(logits, Tensor) and logits.shape == shown.shape
    assert fits, "Shown 20 images, your model should give 10 logits for each."
    assert torch.allclose(logits, shown, atol=1e-2, rtol=1e-2), (
        "The layers of your model, one after another with a ReLU between each two, do not compute what the "
        "model itself computes. Hand in a plain MLP: Flatten, Linear, ReLU, Linear, and nothing else."
    )
    _judge_reading(weights, new_names, losses, right)
    return losses


def _judge_reading(weights: list, new_names: Tensor, losses: list[float], right: int) -> None:
    """The weights alone decide. What is said beside the number helps to find out why."""
    images, labels = _private()
    guesses = _logits(weights, images).argmax(-1)
    found = int((guesses == new_names[labels]).sum())
    if found >= right:
        return
    assert len(guesses.unique()) > 1, (
        "Your model gives all images the same answer. Does what it returns depend on the image at all? A "
        "learning rate that is far too large ends like that, too."
    )
    own = int((guesses == labels).sum())
    assert own < RIGHT_OF_FEW, (
        f"Your model reads {own} of 1,000 as the digits they are called everywhere else, but not by the "
        "labels that `read_digits` was given. Train on its own arguments, not on `lab.mnist()`."
    )
    fell = len(losses) > 1 and losses[-1] < 0.7 * losses[0]
    assert found >= CHANCE or not fell, (
        "The losses fell, but the model you return reads like one that was never trained. Return the very "
        "model that was trained."
    )
    assert found >= CHANCE, (
        "The losses did not fall, and the model reads as by chance. Does the optimiser hold the parameters "
        "of *this* model, and does `train` get it?"
    )
    end = sum(losses[-10:]) / max(len(losses[-10:]), 1)
    why = "so there is more to be learned: more epochs, or another learning rate."
    if end < 0.05:
        why = "so it knows its training images by heart: use all the images that you are given."
    raise AssertionError(
        f"Your model reads {found} of the 1,000 private images; {right} are needed. Its loss ends at "
        f"{end:.2f} nats, {why}"
    )


def _mlp(layers: Any) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each Linear layer, as claimed and therefore looked at closely."""
    found, width = [], 28 * 28
    for layer in layers if isinstance(layers, list) else []:
        name, *tensors = layer if isinstance(layer, list) and layer else [""]
        assert name in ("Linear", "Flatten", "ReLU", "Dropout", "Identity"), (
            f"Your model holds a layer of the kind {str(name)[:40]}. An MLP is made of Linear and ReLU."
        )
        if name != "Linear":
            continue
        weight, *rest = [tensor for tensor in tensors if isinstance(tensor, Tensor)] or [torch.zeros(0)]
        bias = rest[0] if rest else torch.zeros(weight.shape[:1])
        fits = weight.ndim == 2 and weight.shape[1] == width and bias.shape == weight.shape[:1]
        assert fits, (
            f"A Linear layer of your model has weights of shape {tuple(weight.shape)}, but gets {width} "
            "numbers."
        )
        assert weight.numel() <= 4_000_000, (
            "That is a very large layer: a hundredth of it reads digits as well."
        )
        found.append((weight.float(), bias.float()))
        width = len(weight)
    assert width == 10, "The last Linear layer should have ten outputs, one logit for each digit."
    assert 2 <= len(found) <= 10, (
        f"Your model has {len(found)} Linear layers. An MLP has at least one hidden layer: two Linear "
        "layers, with a ReLU between them."
    )
    return found


def _logits(weights: list, images: Float[Tensor, "image 28 28"]) -> Float[Tensor, "image 10"]:
    hidden = images.flatten(1)
    for number, (weight, bias) in enumerate(weights):
        hidden = (hidden.relu() if number else hidden) @ weight.T + bias
    return hidden


@cache
def _public() -> tuple[Tensor, Tensor]:
    return lab.mnist()


@cache
def _private() -> tuple[Tensor, Tensor]:
    from workers.examiner.digits import private_mnist

    return private_mnist()


def probe_one_batch(weight, bias, images, labels) -> tuple[Any, Tensor, Tensor]:
    """A linear model, all images at once, three steps of SGD: nothing is left to chance."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(*weight.T.shape))
    with torch.no_grad():
        model[1].weight.copy_(weight)
        model[1].bias.copy_(bias)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.02)
    losses = train(model, optimiser, images, labels, epochs=3, batch_size=len(images))
    return losses, model[1].weight, model[1].bias


def probe_batches(numbers, digits, epochs, batch_size) -> tuple[Any, list[list[int]]]:
    """Which images each batch holds. The model knows them all: the first pixel is an image's number, the
    second its digit.
    """

    class Knows(nn.Module):
        def __init__(self):
            super().__init__()
            self.nothing, self.seen = nn.Parameter(torch.zeros(1)), []

        def forward(self, images):
            pixels = images.flatten(1)
            if torch.is_grad_enabled():
                self.seen.append(pixels[:, 0].round().long().tolist())
            return 30 * F.one_hot(pixels[:, 1].round().long(), 10) + self.nothing

    images = torch.zeros(len(numbers), 28, 28)
    images[:, 0, 0], images[:, 0, 1] = torch.tensor(numbers).float(), torch.tensor(digits).float()
    model = Knows()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = train(model, optimiser, images, torch.tensor(digits), epochs=epochs, batch_size=batch_size)
    return losses, model.seen


def probe_read_digits(images, labels) -> tuple[Any, Any, Any, float]:
    """Train, and hand over layers with their weights, losses, logits of 20 images and seconds of
    computing."""
    import time

    began = time.process_time()
    model, losses = read_digits(images, labels)
    seconds = time.process_time() - began
    layers = [
        [type(layer).__name__, *layer.parameters()] for layer in model.modules() if not list(layer.children())
    ]
    model.eval()
    with torch.no_grad():
        return layers, losses, model(images[:20]), seconds


def mistake_gradients_kept__train(model, optimiser, images, labels, epochs, batch_size):
    """`backward` adds to the gradients that are there, and nobody has cleared them: every step repeats all
    steps before it. Call `optimiser.zero_grad()` once a step."""
    losses = []
    for _ in range(epochs):
        for piece in torch.randperm(len(images)).split(batch_size):
            loss = F.cross_entropy(model(images[piece]), labels[piece])
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses


def mistake_cleared_too_late__train(model, optimiser, images, labels, epochs, batch_size):
    """The gradients are cleared after `backward` and before `step`, so there is nothing left to step along,
    and the model never changes. Clear first, then `backward`, then `step`."""
    losses = []
    for _ in range(epochs):
        for piece in torch.randperm(len(images)).split(batch_size):
            loss = F.cross_entropy(model(images[piece]), labels[piece])
            loss.backward()
            optimiser.zero_grad()
            optimiser.step()
            losses.append(loss.item())
    return losses


def mistake_softmax_first__train(model, optimiser, images, labels, epochs, batch_size):
    """You take the softmax of the logits, and `cross_entropy` takes it again: twice flattened, the loss can
    hardly fall. Hand it the logits as they are."""
    losses = []
    for _ in range(epochs):
        for piece in torch.randperm(len(images)).split(batch_size):
            loss = F.cross_entropy(model(images[piece]).softmax(-1), labels[piece])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses


def mistake_one_loss_an_epoch__train(model, optimiser, images, labels, epochs, batch_size):
    """You keep one loss for each epoch. The curve should have a point for every step: append inside of the
    inner loop."""
    losses = train(model, optimiser, images, labels, epochs, batch_size)
    return losses[len(losses) // epochs - 1 :: len(losses) // epochs]


def mistake_last_batch_dropped__train(model, optimiser, images, labels, epochs, batch_size):
    """The images that do not fill a whole batch at the end are left out. Let the last batch be smaller."""
    losses = []
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for step in range(len(images) // batch_size):
            piece = order[step * batch_size : (step + 1) * batch_size]
            losses += train(model, optimiser, images[piece], labels[piece], 1, batch_size)
    return losses


def mistake_drawn_with_replacement__train(model, optimiser, images, labels, epochs, batch_size):
    """Each batch is drawn by itself from all images, so that some come twice in an epoch and others never.
    Draw one order of all images, and cut it into batches."""
    losses = []
    for _ in range(epochs):
        for start in range(0, len(images), batch_size):
            size = min(batch_size, len(images) - start)
            piece = torch.randint(len(images), (size,))
            losses += train(model, optimiser, images[piece], labels[piece], 1, batch_size)
    return losses


def mistake_never_shuffled__train(model, optimiser, images, labels, epochs, batch_size):
    """Your batches come in the order of the data, the same ones in every epoch. Shuffle: neighbours in a data
    set are often alike, and then each batch pulls the model another way."""
    losses = []
    for _ in range(epochs):
        for piece in torch.arange(len(images)).split(batch_size):
            loss = F.cross_entropy(model(images[piece]), labels[piece])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses


def mistake_labels_left_behind__train(model, optimiser, images, labels, epochs, batch_size):
    """The images are shuffled, and the labels are not (or by another order): the model is taught noise. Index
    both with the same piece."""
    losses = []
    for _ in range(epochs):
        order = torch.randperm(len(images))
        for start in range(0, len(images), batch_size):
            piece, place = order[start : start + batch_size], slice(start, start + batch_size)
            losses += train(model, optimiser, images[piece], labels[place], 1, batch_size)
    return losses


def mistake_another_models_optimiser__read_digits(images, labels):
    """The optimiser was made for another model: it changes parameters that nobody uses. Hand it the
    parameters of the model that you train."""
    model = make_model()
    optimiser = torch.optim.Adam(make_model().parameters(), lr=0.01)
    return model, train(model, optimiser, images, labels, epochs=1, batch_size=128)


def mistake_untrained_returned__read_digits(images, labels):
    """You train one model and return another. `make_model()` makes a new one each time: call it once."""
    _, losses = read_digits(images, labels)
    return make_model(), losses


def mistake_ignores_the_image__read_digits(images, labels):
    """What your model returns does not depend on the image: it has learned how frequent each digit is, and
    answers the most frequent one always."""
    model, losses = read_digits(0 * images, labels)
    with torch.no_grad():
        model[1].weight.zero_()
    return model, losses


def mistake_its_own_data__read_digits(images, labels):
    """You train on `lab.mnist()` instead of what you are given, where the digits carry other numbers. A
    function should use its arguments."""
    return read_digits(*(part[:300] for part in lab.mnist()))


def mistake_no_hidden_layer__read_digits(images, labels):
    """One Linear layer is no MLP. It comes astonishingly far with digits, but it can only add up pixels: put
    a hidden layer and a ReLU in between."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    return model, train(model, optimiser, images, labels, epochs=1, batch_size=128)


def mistake_no_words__draw_loss(losses):
    """The curve is there, but nothing says what it is. Give it a title and name both axes."""
    return Figure(data=[{"type": "scatter", "y": losses}])


def mistake_smoothed__draw_loss(losses):
    """You draw an average of the losses. Smooth beside the raw curve if you like, but draw what was measured:
    a spike is often the most interesting part."""
    mean = torch.tensor(losses).unfold(0, 10, 1).mean(-1)
    return lab.line(mean, title="Loss", x_title="step", y_title="loss")


def also_right_data_loader__train(model, optimiser, images, labels, epochs, batch_size):
    from torch.utils.data import DataLoader, TensorDataset

    losses = []
    loader = DataLoader(TensorDataset(images, labels), batch_size=batch_size, shuffle=True)
    for _ in range(epochs):
        for some_images, their_labels in loader:
            optimiser.zero_grad()
            loss = nn.CrossEntropyLoss()(model(some_images), their_labels)
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    return losses


def also_right_slices__train(model, optimiser, images, labels, epochs, batch_size):
    losses = torch.zeros(0)
    for _ in range(epochs):
        order = torch.randperm(len(images))
        shuffled, their_labels = images[order], labels[order]
        for start in range(0, len(images), batch_size):
            log_probs = model(shuffled[start : start + batch_size]).log_softmax(-1)
            right = their_labels[start : start + batch_size, None]
            loss = -log_probs.gather(1, right).mean()
            for parameter in model.parameters():
                parameter.grad = None
            loss.backward()
            optimiser.step()
            losses = torch.cat([losses, loss.detach()[None]])
    return losses.tolist()


def also_right_sgd__read_digits(images, labels):
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 60), nn.ReLU(), nn.Linear(60, 30), nn.ReLU(), nn.Linear(30, 10)
    )
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    return model, train(model, optimiser, images, labels, epochs=8, batch_size=50)


def also_right_own_class__read_digits(images, labels):
    class Reader(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden, self.out = nn.Linear(784, 128), nn.Linear(128, 10)

        def forward(self, images):
            return self.out(F.relu(self.hidden(images.flatten(1))))

    model = Reader()
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.003)
    return model, train(model, optimiser, images, labels, epochs=8, batch_size=64)


def also_right_express__draw_loss(losses):
    import plotly.express as px

    return px.line(y=losses, labels={"x": "Training step", "y": "Cross-entropy"}, title="Learning to read")
