"""Let it finish the sentence

A language model gives logits for one token. To write, it is asked again and again: take the likeliest next
token, put it behind the text, ask for the next one. Always taking the likeliest is called *greedy* decoding,
or temperature 0.

A model has only `model.cfg.n_ctx` places. When the text has grown longer, it can read the last so many tokens
and no more.
"""

import random

import torch
from jaxtyping import Int
from torch import Tensor, nn

from workers import lab

PURPOSE = (
    "The loop around every language model. In interpretability it is how you first meet a behaviour: look at "
    "what a model says before you ask why."
)
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = ["read: 1 pos", "logits: 1 pos d_vocab", "best: 1"]
HINTS = [
    "The model wants a batch, and you have one text: `tokens[None]`. Of the logits you need those of the "
    "last position; the others speak about tokens that are already there.",
    "`model(tokens[None])[0, -1].argmax()` is the next token. `torch.cat` puts it behind the text, if it "
    "has an axis: `[None]` again. To read only the last n_ctx tokens, slice: `tokens[-n_ctx:]`.",
    "`for _ in range(count):`, inside `best = model(tokens[None, -model.cfg.n_ctx :])[0, -1].argmax()` and "
    "`tokens = torch.cat([tokens, best[None]])`; at the end `return tokens`.",
]
USES = ["transformer"]
MINUTES = 10
CONCEPTS = ["completed-a-sentence"]
WHY = """
This loop computes everything anew for each token, though all but one position are as they were. A later
lesson keeps the keys and values (the *KV cache*) and asks only for what is new.

Greedy decoding always gives the same text, which is what one wants in an experiment. As a writer it is dull,
and likes to go round in circles; the lesson on sampling does something about that.

`torch.no_grad()` around the loop saves the memory that PyTorch would keep for gradients nobody asks for.
"""


def complete(model: nn.Module, tokens: Int[Tensor, "pos"], count: int) -> Int[Tensor, "pos+count"]:
    """The tokens, and `count` more behind them: each the likeliest after all that stands before it.

    model: gives logits, batch × pos × d_vocab, for tokens, batch × pos, of which there may be no more than
    model.cfg.n_ctx. Of a longer text it reads the last n_ctx tokens.

    >>> class CountsUp(nn.Module):
    ...     cfg = Config(d_vocab=10, n_ctx=4)
    ...     def forward(self, tokens):
    ...         return nn.functional.one_hot((tokens + 1) % 10, 10)
    >>> complete(CountsUp(), torch.tensor([5, 6]), 6)
    tensor([5, 6, 7, 8, 9, 0, 1, 2])
    """
    with torch.no_grad():
        for _ in range(count):
            best = model(tokens[None, -model.cfg.n_ctx :])[0, -1].argmax()
            tokens = torch.cat([tokens, best[None]])
    return tokens


class _Planted(nn.Module):
    """A model that is sure: after a, b comes (7 a + 3 b' + 1) mod d_vocab, with b' the token before a."""

    def __init__(self, d_vocab: int, n_ctx: int) -> None:
        super().__init__()
        self.cfg = Config(d_vocab=d_vocab, n_ctx=n_ctx)

    def forward(self, tokens: Tensor) -> Tensor:
        if tokens.ndim != 2:
            raise ValueError(f"the model wants tokens batch × pos; these have shape {list(tokens.shape)}")
        if tokens.shape[1] > self.cfg.n_ctx:
            raise ValueError(f"the model has {self.cfg.n_ctx} places; it was given {tokens.shape[1]} tokens")
        before = torch.cat([torch.zeros_like(tokens[:, :1]), tokens[:, :-1]], dim=1)
        following = (7 * tokens + 3 * before + tokens.cumsum(1) + 1) % self.cfg.d_vocab
        return 5 * nn.functional.one_hot(following, self.cfg.d_vocab).float() - 2


def check_planted_model(answer):
    """With a model that is always sure, the right tokens follow, as many as were asked for."""
    d_vocab = random.randint(11, 17)
    for pos, count in ((random.randint(2, 5), random.randint(3, 6)), (1, 1), (3, 0)):
        tokens = torch.randint(d_vocab, (pos,))
        lab.same(
            answer.probe_planted(tokens, count, d_vocab, 30),
            complete(_Planted(d_vocab, 30), tokens, count),
            name=f"a text of {pos} tokens, and {count} more",
        )


def check_full_context(answer):
    """Where the text grows longer than the model's places, it reads the last n_ctx tokens."""
    d_vocab, n_ctx = random.randint(11, 17), random.randint(4, 6)
    tokens = torch.randint(d_vocab, (n_ctx - 1,))
    lab.same(
        answer.probe_planted(tokens, 5, d_vocab, n_ctx),
        complete(_Planted(d_vocab, n_ctx), tokens, 5),
        name=f"a text that outgrows the {n_ctx} places of the model",
    )


def check_your_model(answer):
    """Your own transformer, with the weights of tiny-gpt2, goes on as tiny-gpt2 would."""
    model = lab.load("tiny-gpt2")
    tokens = model.to_tokens(
        random.choice(["When Anna and Hugo went to the mill,", "The capital of", "Ada"])
    )[0]
    lab.same(
        answer.probe_loaded(tokens, 8),
        complete(model, tokens, 8),
        name="8 more tokens by your own transformer",
    )


def probe_planted(
    tokens: Int[Tensor, "pos"], count: int, d_vocab: int, n_ctx: int
) -> Int[Tensor, "pos+count"]:
    return complete(_Planted(d_vocab, n_ctx), tokens, count)


def probe_loaded(tokens: Int[Tensor, "pos"], count: int) -> Int[Tensor, "pos+count"]:
    model = Transformer(Config(**lab.config("tiny-gpt2")))
    lab.load_weights(model, lab.weights("tiny-gpt2"))
    return complete(model, tokens, count)


def mistake_first_position__complete(model, tokens, count):
    """You read the logits of the first position. They say what comes after the first token; the next token is
    foretold at the *last* position, −1."""
    for _ in range(count):
        best = model(tokens[None, -model.cfg.n_ctx :])[0, 0].argmax()
        tokens = torch.cat([tokens, best[None]])
    return tokens


def mistake_only_the_new__complete(model, tokens, count):
    """You return only the new tokens. The text they follow belongs in front."""
    return complete(model, tokens, count)[len(tokens) :]


def mistake_last_token_only__complete(model, tokens, count):
    """You show the model only the last token each time. It has to see the whole text, or it knows nothing of
    what was said before."""
    for _ in range(count):
        best = model(tokens[None, -1:])[0, -1].argmax()
        tokens = torch.cat([tokens, best[None]])
    return tokens


def mistake_first_places__complete(model, tokens, count):
    """Once the text is longer than the model, you show it the *first* n_ctx tokens, so that it never sees
    what it has just written. Show it the last: `tokens[-model.cfg.n_ctx :]`."""
    for _ in range(count):
        best = model(tokens[None, : model.cfg.n_ctx])[0, -1].argmax()
        tokens = torch.cat([tokens, best[None]])
    return tokens


def mistake_too_long__complete(model, tokens, count):
    """You show the model the whole text, even when it is longer than the model has places. Show it the last
    `model.cfg.n_ctx` tokens."""
    for _ in range(count):
        best = model(tokens[None])[0, -1].argmax()
        tokens = torch.cat([tokens, best[None]])
    return tokens


def mistake_all_at_once__complete(model, tokens, count):
    """You ask once and take that token again and again. After each new token the model has to be asked anew:
    it has not seen it yet."""
    best = model(tokens[None, -model.cfg.n_ctx :])[0, -1].argmax()
    return torch.cat([tokens, best.repeat(count)])


def mistake_least_likely__complete(model, tokens, count):
    """You take the token with the *lowest* logit. The likeliest has the highest: `argmax`."""
    for _ in range(count):
        worst = model(tokens[None, -model.cfg.n_ctx :])[0, -1].argmin()
        tokens = torch.cat([tokens, worst[None]])
    return tokens


def also_right_lists__complete(model, tokens, count):
    text = tokens.tolist()
    while len(text) < len(tokens) + count:
        logits = model(torch.tensor([text[-model.cfg.n_ctx :]]))
        text.append(int(logits[0, -1].topk(1).indices))
    return torch.tensor(text, dtype=torch.long)


def also_right_prepared__complete(model, tokens, count):
    whole = torch.cat([tokens, torch.zeros(count, dtype=torch.long)])
    with torch.inference_mode():
        for place in range(len(tokens), len(whole)):
            seen = whole[max(0, place - model.cfg.n_ctx) : place]
            whole[place] = model(seen.unsqueeze(0)).softmax(-1)[0, len(seen) - 1].max(-1).indices
    return whole


def also_right_recursive__complete(model, tokens, count):
    @torch.no_grad()
    def longer(text, left):
        if not left:
            return text
        order = model(text[-model.cfg.n_ctx :].unsqueeze(0)).squeeze(0)[-1].sort(descending=True).indices
        return longer(torch.cat([text, order[:1]]), left - 1)

    return longer(tokens, count)
