"""Put together: an MLP

Your own `Linear` and `ReLU` stand above. Make a network of them: one hidden layer, for inputs of any shape
that are flattened first. Call the two layers `hidden` and `out`: the examiner loads weights of its own by
these names, and compares the logits to within 1e-4.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor, nn

from workers import lab

HINTS = [
    "In `__init__`, call `super().__init__()` and set two attributes, each a `Linear`. A module that is set "
    "on another as an attribute is registered with all its parameters.",
    "In `forward`, flatten everything but the batch: `x.flatten(1)`. Then hidden, ReLU, out.",
    "`self.hidden, self.out = Linear(d_in, d_hidden), Linear(d_hidden, d_out)`, and `return "
    "self.out(ReLU()(self.hidden(x.flatten(1))))`.",
]
USES = ["relu_and_linear"]
MINUTES = 8
CONCEPTS = ["wrote-a-module"]
DIFFICULTY = 2
IMPORTANCE = 4
PURPOSE = """Half of a transformer's layers and two thirds of GPT-2's block weights are MLPs of just this
form. And a model's `state_dict`, with its dotted names, is what you will load weights from and hang hooks
on."""
SHAPES = ["x: batch ...", "flat: batch d_in", "hidden: batch d_hidden", "logits: batch d_out"]
WHY = """Attributes do the book-keeping: `self.hidden = Linear(…)` registers the layer, and its parameters are
called `hidden.weight` and `hidden.bias`. A plain Python list hides the layers from the module;
`nn.ModuleList` is the list that does not.

There is no ReLU after the last layer: it would cut off every negative logit."""
SEE = {"mistake_in_a_list__MLP": "relu_and_linear"}


class MLP(nn.Module):
    def __init__(self, d_in: int, d_hidden: int, d_out: int) -> None:
        """Two layers, `hidden` and `out`.

        >>> list(MLP(6, 4, 2).state_dict())
        ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
        """
        super().__init__()
        self.hidden, self.out = Linear(d_in, d_hidden), Linear(d_hidden, d_out)
        self.relu = ReLU()

    def forward(self, x: Float[Tensor, "batch ..."]) -> Float[Tensor, "batch d_out"]:
        """Flatten all but the batch; then hidden, ReLU, out.

        >>> MLP(6, 4, 2)(torch.zeros(5, 2, 3)).shape
        torch.Size([5, 2])
        """
        return self.out(self.relu(self.hidden(x.flatten(1))))


def check_names(answer):
    """The parameters are registered, by their names and in their shapes."""
    d_in, d_hidden, d_out = random.randint(3, 6), random.randint(7, 9), random.randint(2, 5)
    found = answer.probe_names(d_in, d_hidden, d_out)
    assert found, (
        "The MLP has no parameters, though its layers have. It finds layers that are attributes of its own, "
        "and not those in a plain list or dictionary."
    )
    wanted = {"hidden.weight": [d_hidden, d_in], "hidden.bias": [d_hidden], "out.weight": [d_out, d_hidden]}
    lab.same(found, wanted | {"out.bias": [d_out]}, name=f"what MLP({d_in}, {d_hidden}, {d_out}) registers")


def check_given_weights(answer):
    """With given weights the logits agree with ours (to 1e-4), for images and for plain vectors."""
    for shape in ((4, 2, 3), (1, 6), (7, 1, 6), (3, 3, 2, 1)):
        weights, x = _weights(6, random.randint(7, 12), 5), torch.randn(shape)
        hidden = (x.flatten(1) @ weights["hidden.weight"].T + weights["hidden.bias"]).relu()
        wanted = hidden @ weights["out.weight"].T + weights["out.bias"]
        lab.same(answer.probe_logits(weights, x), wanted, name=f"the logits for x of shape {shape}")


def check_gradients(answer):
    """A gradient reaches every parameter."""
    missing = answer.probe_without_gradient(_weights(6, 8, 3), torch.randn(5, 6))
    assert not missing, f"No gradient reaches {', '.join(missing)}: is something detached, or left out?"


def _weights(d_in: int, d_hidden: int, d_out: int) -> dict[str, Tensor]:
    return {
        "hidden.weight": torch.randn(d_hidden, d_in),
        "hidden.bias": torch.randn(d_hidden),
        "out.weight": torch.randn(d_out, d_hidden),
        "out.bias": torch.randn(d_out),
    }


def probe_names(d_in, d_hidden, d_out) -> dict[str, list[int]]:
    return {name: list(tensor.shape) for name, tensor in MLP(d_in, d_hidden, d_out).named_parameters()}


def _loaded(weights):
    (d_hidden, d_in), d_out = weights["hidden.weight"].shape, len(weights["out.bias"])
    model = MLP(d_in, d_hidden, d_out)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(weights[name])
    return model


def probe_logits(weights, x) -> Tensor:
    return _loaded(weights)(x)


def probe_without_gradient(weights, x) -> list[str]:
    model = _loaded(weights)
    model(x).square().sum().backward()
    return [name for name, parameter in model.named_parameters() if parameter.grad is None]


class mistake_in_a_list__MLP(MLP):
    """Your layers sit in a plain list, where the module does not see them: it has no parameters, and an
    optimiser would train nothing. Make them attributes, or use `nn.ModuleList`."""

    def __init__(self, d_in, d_hidden, d_out):
        nn.Module.__init__(self)
        self.layers = [Linear(d_in, d_hidden), Linear(d_hidden, d_out)]


class mistake_no_relu__MLP(MLP):
    """There is no ReLU between the layers. Two linear maps in a row are one linear map: the hidden layer
    would be for nothing."""

    def forward(self, x):
        return self.out(self.hidden(x.flatten(1)))


class mistake_relu_last__MLP(MLP):
    """You put a ReLU after the last layer, too. It makes zero of every negative logit, and half of what the
    network wants to say is cut off."""

    def forward(self, x):
        return self.out(self.hidden(x.flatten(1)).relu()).relu()


class mistake_batch_flattened__MLP(MLP):
    """`flatten()` without an argument makes one long vector of all images together. Keep the batch:
    `flatten(1)`."""

    def forward(self, x):
        return self.out(self.hidden(x.flatten()).relu())


class mistake_detached__MLP(MLP):
    """The hidden numbers are detached from the graph (`detach`, `.data` or `no_grad`), so that the first
    layer never gets a gradient."""

    def forward(self, x):
        return self.out(self.hidden(x.flatten(1)).relu().detach())


class also_right_sequence__MLP(nn.Module):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.hidden = Linear(d_in, d_hidden)
        self.out = Linear(d_hidden, d_out)

    def forward(self, x):
        for layer in (nn.Flatten(), self.hidden, ReLU(), self.out):
            x = layer(x)
        return x


class also_right_torch__MLP(nn.Sequential):
    def __init__(self, d_in, d_hidden, d_out):
        super().__init__()
        self.add_module("flat", nn.Flatten())
        self.add_module("hidden", nn.Linear(d_in, d_hidden))
        self.add_module("relu", nn.ReLU())
        self.add_module("out", nn.Linear(d_hidden, d_out))

    def forward(self, x):
        return super().forward(x)
