"""Turn the answer round

One transplant, and the model says the other answer: find the head for which that works. You get a model and
pairs of prompts. Name the one head whose z, taken from the corrupted run at all positions and put into the
*clean* run, makes the wrong answer win.

The examiner measures it: your head is patched on prompts that you have not seen, and the wrong answer has to
win there. And the model is not quite the one you know. It computes the same, but the heads of each layer
have changed their seats, so nobody can know beforehand which one it is.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "To change what a model says by changing one thing inside of it is the strongest evidence there is "
    "for where the thing is decided, and the beginning of all steering."
)
DIFFICULTY = 3
IMPORTANCE = 4
HINTS = [
    "It is the map of heads once more, with the two prompts exchanged: what goes in is the corrupted "
    "run's, and what is run is the clean prompt. Then look for the cell in which the answer is turned "
    "round.",
    "The metric is the logit difference, right minus wrong, as it is. The head you want is where it is "
    "*smallest* after the patch: most negative.",
    "With `lab.patch_heads(model, corrupted, clean, metric)` and `grid.argmin()` it is three lines; "
    "`divmod(place, model.cfg.n_heads)` makes layer and head of a place in the flat grid.",
]
MINUTES = 15
CONCEPTS = ["patched-an-activation"]
SEE = {
    "mistake_loudest__flip_the_answer": "head_shares",
    "mistake_layer_and_head_exchanged__flip_the_answer": "patch_heads",
}
WHY = """
Where an answer is *decided* is not where it is *said*. The heads that say it have deputies, and each of them
can be turned without turning the answer. The head they all depend on has none. So the search goes by the
effect of the patch, and not by attention, nor by who writes the answer.
"""


def flip_the_answer(
    model,
    clean: Int[Tensor, "batch pos"],
    corrupted: Int[Tensor, "batch pos"],
    right: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"],
) -> tuple[int, int]:
    """(layer, head) of the one head whose z, patched from the corrupted run into the clean one, turns the
    answer round: afterwards `wrong` beats `right` at the last position.

    >>> prompts = torch.tensor([[0, 7, 8, 9, 10, 7]])
    >>> spoilt = torch.tensor([[0, 9, 8, 7, 10, 7]])
    >>> layer, head = flip_the_answer(lab.load("attn-only-2l"), prompts, spoilt, prompts[:, 2], prompts[:, 4])
    """

    def metric(logits: Float[Tensor, "batch pos d_vocab"]) -> Float[Tensor, ""]:
        return lab.logit_difference(logits, right, wrong)

    grid = lab.patch_heads(model, corrupted, clean, metric)
    layer, head = divmod(int(grid.argmin()), model.cfg.n_heads)
    return layer, head


_HEADS = [(layer, head) for layer in range(2) for head in range(8)]


def check_exists(answer):
    """The model has such a head."""
    layer, head = answer.probe_reseated(_reseated(_orders()), *_pairs(4))
    assert (layer, head) in _HEADS, (
        f"There is no head {layer}.{head}: layers are 0 and 1, heads 0 to 7. First the layer, then the head."
    )


def check_turns_round(answer):
    """On other prompts, that patch makes the wrong answer win."""
    for _ in range(2):
        orders = _orders()
        layer, head = answer.probe_reseated(_reseated(orders), *_pairs(6))
        assert (layer, head) in _HEADS, f"There is no head {layer}.{head} in this model."
        before, after = _measured(orders, layer, head)
        turned = (after < 0).float().mean().item()
        assert turned >= 0.8, (
            f"With head {layer}.{head} patched, the right answer's lead on {len(after)} other prompts went "
            f"from {before.mean():.1f} to {after.mean():.1f} logits, and was turned round in {turned:.0%} of "
            "them; 80 % are needed. Which head has no deputy?"
        )


def _measured(orders, layer, head) -> tuple[Float[Tensor, "prompt"], Float[Tensor, "prompt"]]:
    """The right answer's lead without and with that patch, on prompts that nobody has seen."""
    model = lab.load("attn-only-2l")
    clean, corrupted, right, wrong = _pairs(20)
    name, row = f"blocks.{layer}.attn.hook_z", torch.arange(20)
    seat = int(orders[layer, head])  # of the same head in the model as it is

    _, cache = model.run_with_cache(corrupted)

    def put(z, hook):
        z[:, :, seat] = cache[name][:, :, seat]
        return z

    leads = [
        logits[row, -1, right] - logits[row, -1, wrong]
        for logits in (model(clean), model.run_with_hooks(clean, fwd_hooks=[(name, put)]))
    ]
    return leads[0], leads[1]


def _orders() -> Int[Tensor, "layer head"]:
    """New seats; the head that everybody knows never keeps its own."""
    orders = torch.stack([torch.randperm(8) for _ in range(2)])
    while int(orders[0, 0]) == 0:
        orders[0] = torch.randperm(8)
    return orders


def _reseated(orders) -> dict[str, Tensor]:
    """The attention's weights with the heads of each layer in another order; what the model computes stays
    the same. Only weights travel: who looks into the calling frame finds no order there.
    """
    weights = {}
    for layer, order in enumerate(orders.tolist()):
        attention = lab.load("attn-only-2l").blocks[layer].attn
        for part in ("q", "k", "v"):
            for name in ("weight", "bias"):
                own = getattr(getattr(attention, part), name).detach()
                weights[f"{layer}.{part}.{name}"] = own.unflatten(0, (8, -1))[order].flatten(0, 1)
        own = attention.o.weight.detach()
        weights[f"{layer}.o.weight"] = own.unflatten(1, (8, -1))[:, order].flatten(1, 2)
    return weights


def _pairs(count):
    """A B … C D … A, and the same with A and C exchanged where they come first: then D is right, not B."""
    length = random.randint(8, 11)
    clean = torch.stack([1 + torch.randperm(1023)[:length] for _ in range(count)])
    clean = torch.cat([torch.zeros(count, 1, dtype=torch.long), clean], dim=1)
    first, second = random.randint(1, 2), random.randint(4, 6)
    clean[:, -1] = clean[:, first]
    corrupted = clean.clone()
    corrupted[:, first], corrupted[:, second] = clean[:, second], clean[:, first]
    return clean, corrupted, clean[:, first + 1], clean[:, second + 1]


def probe_reseated(weights, clean, corrupted, right, wrong) -> tuple[int, int]:
    from workers import lab

    model = lab.load("attn-only-2l")
    own = _exchanged(model, weights)
    try:
        return flip_the_answer(model, clean, corrupted, right, wrong)
    finally:
        _exchanged(model, own)


def _exchanged(model, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Puts these weights into the attention, and returns those that were there."""
    were = {}
    for name, value in weights.items():
        layer, part, kind = name.split(".")
        weight = getattr(getattr(model.blocks[int(layer)].attn, part), kind)
        were[name], weight.data = weight.data, value.clone()
    return were


def mistake_known_beforehand__flip_the_answer(model, clean, corrupted, right, wrong):
    """In the model you know it is head 0.0. In this one the heads have changed their seats: look for it."""
    return 0, 0


def mistake_loudest__flip_the_answer(model, clean, corrupted, right, wrong):
    """That is the head with the largest direct share: it *says* the answer, and two others say it with it.
    Patch each head, and take the one that turns the answer round."""
    shares = lab.direct_logit_attribution(model, clean, right, wrong).heads
    return divmod(int(shares.argmax()), model.cfg.n_heads)


def mistake_smallest_effect__flip_the_answer(model, clean, corrupted, right, wrong):
    """You take the largest value that is left after the patch, and that is the head that mattered least. The
    answer is turned round where the difference becomes negative."""
    grid = lab.patch_heads(model, corrupted, clean, lambda logits: lab.logit_difference(logits, right, wrong))
    return divmod(int(grid.argmax()), model.cfg.n_heads)


def mistake_layer_and_head_exchanged__flip_the_answer(model, clean, corrupted, right, wrong):
    """First the layer, then the head: yours are the wrong way round."""
    layer, head = flip_the_answer(model, clean, corrupted, right, wrong)
    return head, layer


def also_right_by_denoising__flip_the_answer(model, clean, corrupted, right, wrong):
    row, best = torch.arange(len(clean)), (float("-inf"), 0, 0)
    _, cache = model.run_with_cache(clean)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def put(z, hook, layer=layer, head=head):
                z[:, :, head] = cache["z", layer][:, :, head]
                return z

            logits = model.run_with_hooks(corrupted, fwd_hooks=[(f"blocks.{layer}.attn.hook_z", put)])[:, -1]
            best = max(best, ((logits[row, right] - logits[row, wrong]).mean().item(), layer, head))
    return best[1], best[2]


def also_right_by_votes__flip_the_answer(model, clean, corrupted, right, wrong):
    old = model.run_with_cache(corrupted)[1]
    votes = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            chosen = (torch.arange(model.cfg.n_heads) == head)[None, None, :, None]

            def put(z, hook, layer=layer, chosen=chosen):
                return torch.where(chosen, old["z", layer], z)

            logits = model.run_with_hooks(clean, fwd_hooks=[(f"blocks.{layer}.attn.hook_z", put)])[:, -1]
            turned = logits.gather(1, wrong[:, None]) > logits.gather(1, right[:, None])
            votes[layer, head] = turned.float().mean()
    place = votes.flatten().argmax().item()
    return place // model.cfg.n_heads, place % model.cfg.n_heads
