"""Below the bigrams

Here is a text in an unknown language, and you have a transformer: your own. Train it.

The languages of this exercise are made up. Each has a few letters, and every next letter is drawn by lot,
with probabilities that depend on the *two* letters before it. So somebody who looks at one letter only,
however often, cannot get below a certain loss: the **bigram entropy** of the text. A model that looks back
two letters can.

You get a text, and hand in weights. The examiner puts them into *its* transformer of the same sizes, causal
mask included, and measures the loss itself, on another text of the same language that your code never sees.
It has to be below the bigram entropy. `steps` says how many steps of training you may make (up to 200, about
two seconds of computing; the limit is ten).

Your `Transformer` and your `next_token_loss` are there; `sizes(d_vocab)` is given, and says how large the
model is to be.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

HINTS = [
    "Five lines in a loop: cut a batch of windows out of the text, at random places; run the model; take "
    "the loss; go backwards; make a step.",
    "`start = torch.randint(len(text) - N_CTX + 1, (32, 1))` and `text[start + torch.arange(N_CTX)]` is a "
    "batch of 32 windows. An Adam optimiser with a learning rate near 0.01 is right for so small a model "
    "(with `fused=True` it is twice as fast).",
    "In the loop: `loss = next_token_loss(model(windows), windows)`, `optimiser.zero_grad()`, "
    "`loss.backward()`, `optimiser.step()`. At the end `return model.state_dict()`.",
]
USES = ["attention", "transformer", "next_token_loss"]
MINUTES = 25
CONCEPTS = ["trained-a-language-model"]
PURPOSE = """You will meet models whose training you did not see, and wonder which of their habits are from
the architecture and which from the text. Having trained one, however small, you know both sides. And *loss
against an entropy that you can calculate* is how one asks what a model has understood."""
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["text: length", "windows: batch n_ctx", "logits: batch n_ctx d_vocab", "loss: scalar"]
WHY = """Random windows, fresh ones at each step: that is all there is to the data side. Windows that are
always the same get learned by heart, and what is learned by heart does not carry over to another text.

Watch what the loss is compared with. Below $\\ln(\\text{d\\_vocab})$ it has learned something; below the
unigram entropy it knows more than how frequent letters are; below the *bigram* entropy it must be looking
back, which in a transformer only attention can do. That is an argument about a mechanism, from one number.

And watch who measures. A model without a causal mask has a wonderful training loss: it reads the answer. So
does one whose targets are not shifted. Neither can predict."""
SEE = {
    "mistake_targets_not_shifted__train_language_model": "next_token_loss",
    "mistake_no_step__train_language_model": "momentum_sgd",
    "mistake_mask_forgotten__train_language_model": "causal_mask",
}

N_CTX = 16


def sizes(d_vocab: int) -> Config:
    return Config(d_vocab=d_vocab, n_ctx=N_CTX, d_model=32, n_layers=1, n_heads=4, d_head=8, d_mlp=128)


def train_language_model(text: Int[Tensor, "length"], d_vocab: int, steps: int) -> dict[str, Tensor]:
    """The weights (`state_dict()`) of a `Transformer(sizes(d_vocab))` after so many steps of training.

    text: tokens below d_vocab. Every step takes fresh windows of N_CTX tokens from it. With steps=0 the model
    is as it was made.

    >>> weights = train_language_model(torch.arange(40) % 5, d_vocab=5, steps=1)
    >>> weights["embed.W_E"].shape, weights["unembed.W_U"].shape
    (torch.Size([5, 32]), torch.Size([32, 5]))
    """
    model = Transformer(sizes(d_vocab))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    for _ in range(steps):
        start = torch.randint(len(text) - N_CTX + 1, (32, 1))
        windows = text[start + torch.arange(N_CTX)]
        loss = next_token_loss(model(windows), windows)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.state_dict()


def check_weights(answer):
    """What comes back are the weights of a `Transformer(sizes(d_vocab))`, also without a single step."""
    text, d_vocab = torch.randint(5, (300,)), 5
    weights, _ = answer.probe_train(text, d_vocab, 0)
    _model(weights, d_vocab)


def check_learns(answer):
    """A hundred steps change the weights, and leave the model no worse than no idea, on unseen text."""
    chances = _language(8)
    text, unseen = _write(chances, 3000), _write(chances, 1024)
    before, after = answer.probe_before_and_after(text, 8, 100)
    assert any(not torch.equal(before[name], after[name]) for name in before), (
        "After 100 steps no weight is different from what it was before the first."
    )
    model = _model(after, 8)
    logits, windows = _logits(model, unseen)
    repeats = (logits[:, :-1].argmax(-1) == windows[:, :-1]).float().mean().item()
    assert repeats < 0.8, (
        "After 100 steps your model nearly always predicts the very token it stands on. That is what it was "
        "taught."
    )
    if _loss(logits, windows) > 1.1 * math.log(8):
        raise AssertionError(
            "After 100 steps the loss on a text that your model has not seen is worse than that of somebody "
            f"who has no idea. {_why(model, text, windows)}"
        )


def check_below_the_bigrams(answer):
    """After 200 steps the private loss is below the bigram entropy of the text, in at most 10 seconds of
    computing."""
    d_vocab = 7
    chances = _language(d_vocab)
    text, unseen = _write(chances, 20_000), _write(chances, 8192)
    weights, seconds = answer.probe_train(text, d_vocab, 200)
    loss, entropy = _loss(*_logits(_model(weights, d_vocab), unseen)), _bigram_entropy(unseen, d_vocab)
    assert loss < entropy, (
        f"On a text that it has not seen your model pays {loss:.3f} nats a letter. A table of bigrams pays "
        f"{entropy:.3f}: get below that. Is the learning rate much too small, or too large?"
    )
    assert seconds <= 10, f"200 steps took {seconds:.0f} s of computing; 10 are allowed. Use smaller batches."


def _language(d_vocab: int) -> Float[Tensor, "before last next"]:
    """The chance of each next letter after each pair. Of those drawn, one that uses all letters and does not
    go round in circles, and in which the letter before the last is worth 0.4 nats at least."""
    while True:
        chances = (2.5 * torch.randn(d_vocab, d_vocab, d_vocab)).softmax(-1)
        text = _write(chances, 1000)
        shares = torch.bincount(text, minlength=d_vocab) / len(text)
        both = -(chances * chances.log()).sum(-1)[text[:-1], text[1:]].mean().item()
        often = (text[1:] == text[:-1]).float().mean()
        if (
            shares.min() > 0.25 / d_vocab
            and often < 0.3
            and _bigram_entropy(text, d_vocab) - 0.4 > both > 0.8
        ):
            return chances


def _write(chances: Float[Tensor, "before last next"], length: int) -> Int[Tensor, "length"]:
    import bisect

    sums, luck, letters = chances.cumsum(-1).tolist(), torch.rand(length).tolist(), [0, 1]
    while len(letters) < length:
        next_letter = bisect.bisect(sums[letters[-2]][letters[-1]], luck[len(letters)])
        letters.append(min(next_letter, len(sums) - 1))
    return torch.tensor(letters)


class _Seeing(Attention):
    """The same without a causal mask: how a model fares that was trained to look ahead."""

    def forward(self, x):
        q, k, v = (
            torch.einsum("bpm,hmd->bhpd", x, W) + b[:, None]
            for W, b in ((self.W_Q, self.b_Q), (self.W_K, self.b_K), (self.W_V, self.b_V))
        )
        pattern = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
        return torch.einsum("bhpd,hdm->bpm", pattern @ v, self.W_O) + self.b_O


def _seeing(cfg: Config) -> Transformer:
    model = Transformer(cfg)
    for block in model.blocks:
        block.attn = _Seeing(cfg)
    return model


def _why(model: Transformer, text: Int[Tensor, "length"], windows: Int[Tensor, "batch pos"]) -> str:
    """What explains that a model does so badly on these windows, which it has not seen."""
    seeing = _seeing(model.cfg)
    seeing.load_state_dict(model.state_dict())
    if _loss(seeing(windows), windows) < 0.7 * math.log(8):
        return "With the next token in sight it does well."
    every = text.unfold(0, N_CTX, 1)
    surprise = F.cross_entropy(model(every)[:, :-1].transpose(1, 2), every[:, 1:], reduction="none").mean(-1)
    if surprise.quantile(0.002) < 0.7:
        return "A few places of the text that it was trained on it knows nearly perfectly, and no others."
    return "It does badly everywhere."


def _model(weights, d_vocab: int) -> Transformer:
    """The weights in our own model, which has a causal mask."""
    model = Transformer(sizes(d_vocab))
    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    for name, shape in wanted.items():
        assert name in weights, (
            f"The weights lack `{name}`. Return `model.state_dict()` of a `Transformer(sizes(d_vocab))`."
        )
        got = tuple(weights[name].shape)
        assert got == shape, f"`{name}` should have shape {shape}, but has {got}."
    model.load_state_dict({name: weights[name] for name in wanted})
    return model.requires_grad_(False)


def _logits(model: Transformer, text: Int[Tensor, "length"]) -> tuple[Tensor, Tensor]:
    windows = text[: len(text) // N_CTX * N_CTX].view(-1, N_CTX)
    return model(windows), windows


def _loss(logits: Float[Tensor, "batch pos d_vocab"], windows: Int[Tensor, "batch pos"]) -> float:
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), windows[:, 1:].flatten()).item()


def _bigram_entropy(text: Int[Tensor, "length"], d_vocab: int) -> float:
    """What the best table of bigrams would pay for each letter of this text, made from the text itself."""
    counts = torch.zeros(d_vocab, d_vocab)
    counts.index_put_((text[:-1], text[1:]), torch.ones(len(text) - 1), accumulate=True)
    chances = counts / counts.sum(1, keepdim=True).clamp(min=1)
    return -(counts * chances.clamp(min=1e-12).log()).sum().item() / (len(text) - 1)


def probe_before_and_after(
    text: Tensor, d_vocab: int, steps: int
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Weights before the first step and after the last, made from the same chance."""
    chance = torch.random.get_rng_state()
    first = train_language_model(text, d_vocab, 0)
    before = {name: value.clone() for name, value in first.items()} if isinstance(first, dict) else {}
    torch.random.set_rng_state(chance)
    after = train_language_model(text, d_vocab, steps)
    return before, after if isinstance(after, dict) else {}


def probe_train(text: Tensor, d_vocab: int, steps: int) -> tuple[dict[str, Tensor], float]:
    """And the seconds of computing that it took, whoever else is busy on this machine."""
    import time

    began = time.process_time()
    weights = train_language_model(text, d_vocab, steps)
    return weights if isinstance(weights, dict) else {}, time.process_time() - began


def mistake_no_step__train_language_model(text, d_vocab, steps):
    """The gradients are calculated and never used: `optimiser.step()` is missing, or the optimiser was given
    other parameters than the model's."""
    model = Transformer(sizes(d_vocab))
    for _ in range(min(steps, 3)):
        start = torch.randint(len(text) - N_CTX + 1, (32, 1))
        windows = text[start + torch.arange(N_CTX)]
        next_token_loss(model(windows), windows).backward()
    return model.state_dict()


def mistake_targets_not_shifted__train_language_model(text, d_vocab, steps):
    """The target at each position is the token that stands there already. The training loss falls to nothing,
    and the model has learned to repeat. `next_token_loss` compares with the token that *follows*."""
    model = Transformer(sizes(d_vocab))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    for _ in range(min(steps, 40)):  # it is quickly learned
        start = torch.randint(len(text) - N_CTX + 1, (32, 1))
        windows = text[start + torch.arange(N_CTX)]
        loss = F.cross_entropy(model(windows).flatten(0, 1), windows.flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.state_dict()


def mistake_mask_forgotten__train_language_model(text, d_vocab, steps):
    """The model was trained without a causal mask. It read the answer at the next position, and so its
    training loss was wonderful. Where there is no answer to read it has learned nothing. Train your own
    `Transformer`, as it passed: it has a mask."""
    model = _seeing(sizes(d_vocab))
    for weight in model.parameters():
        weight.data *= 4 if weight.ndim > 1 else 1  # larger ones learn it in half the steps
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2, fused=True)
    for _ in range(min(steps, 50)):
        start = torch.randint(len(text) - N_CTX + 1, (32, 1))
        windows = text[start + torch.arange(N_CTX)]
        loss = next_token_loss(model(windows), windows)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return model.state_dict()


def also_right_by_hand__train_language_model(text, d_vocab, steps):
    model, rate = Transformer(sizes(d_vocab)), 3e-3
    means = [torch.zeros_like(weight) for weight in model.parameters()]
    squares = [torch.zeros_like(weight) for weight in model.parameters()]
    for step in range(1, steps + 1):
        windows = text.unfold(0, N_CTX, 1)[torch.randperm(len(text) - N_CTX)[:48]]
        loss = next_token_loss(model(windows), windows)
        for weight, gradient, mean, square in zip(
            model.parameters(), torch.autograd.grad(loss, model.parameters()), means, squares, strict=True
        ):
            mean.lerp_(gradient, 0.1)
            square.lerp_(gradient**2, 0.01)
            change = (mean / (1 - 0.9**step)) / ((square / (1 - 0.99**step)).sqrt() + 1e-8)
            weight.data -= rate * change
    return {name: weight.detach() for name, weight in model.state_dict().items()}


def also_right_warmed_up__train_language_model(text, d_vocab, steps):
    model = Transformer(sizes(d_vocab))
    optimiser = torch.optim.Adam(model.parameters(), lr=6e-3, betas=(0.9, 0.98))
    warm = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1.0, (step + 1) / 20))
    for _ in range(steps):
        windows = torch.stack([text[s : s + N_CTX] for s in torch.randint(len(text) - N_CTX, (40,)).tolist()])
        loss = next_token_loss(model(windows), windows)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        warm.step()
    return model.state_dict()
