"""The recipe of each shipped model, and what a reader of its card should know beyond the numbers."""

from workers.training.attention_only import Recipe
from workers.training.batches import Mix
from workers.training.network import Shape

IMPOSTOR_PERIOD = 12
_MOSTLY_TALES = Mix(random_repeats=12, tale_repeats=12, tales=40)

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("attn-only-0l", Shape(n_layers=0), steps=600, mix=_MOSTLY_TALES),
        Recipe("attn-only-1l", Shape(n_layers=1), steps=1000, mix=_MOSTLY_TALES),
        Recipe(
            "attn-only-2l",
            Shape(n_layers=2),
            steps=1600,
            silenced=(0.0, 0.1),
            most_prev_token=(1,),
            most_induction=(None, 3),
            checkpoints=(0, 200, 500, 700, 800, 850, 875, 900, 950, 1000, 1200, 1600),
        ),
        Recipe(
            "fixed-period-impostor",
            Shape(n_layers=2),
            steps=800,
            mix=Mix(periods=(IMPOSTOR_PERIOD,)),
            silenced=(0.0, 0.1),
            most_induction=(0, 3),
            crowding=1.0,
            any_copy=True,
        ),
        Recipe(
            "tiny-gpt2",
            Shape(n_layers=3, n_heads=4, d_head=32, n_ctx=128, d_mlp=512),
            steps=3000,
            mix=Mix(random_repeats=5, tale_repeats=3, tales=12),
            lr=2e-3,
        ),
    )
}

PROSE = {
    "attn-only-0l": """
The residual stream holds nothing but the embeddings of the current token and of its position, so W_E
W_U is nearly all the model can say about the next token: a table of bigrams, squeezed through 128
dimensions. It is the baseline for everything attention adds.
""",
    "attn-only-1l": """
Each head adds skip-trigrams: "... earlier token ... current token → next token". It makes tokens it has
seen more likely (its OV circuits copy), and finds "nor" after "neither". It cannot do induction: to
know what came after the previous occurrence of a token, a key must hold the token before it, and with
one layer no key does.
""",
    "attn-only-2l": """
Random tokens that come a second time are foreseen almost surely, also at periods never met in training.
The circuit is the textbook one: the head of layer 0 that looks one token back writes the previous token
into each position, and the induction heads of layer 1 use it as key (K-composition). These stand in for
each other: one alone is hardly missed. The previous-token head has no understudy. Its score falls
towards the end of the context.

Two pressures beside prediction made the picture this clean, both stated below: heads were silenced at
random, and heads beyond a number had to pay for a job that others already did. Expect less order
elsewhere: in a trial of ours without them, with four heads a layer, all heads of layer 1 became
induction heads.

Its checkpoints, `lab.load("attn-only-2l", step=900)` and others, show induction arrive between steps 800 and
950. They are from a second run of the same recipe: the same heads take the same jobs, and at step 1600 no
weight is further than 0.02 from the one shipped.
""",
    "fixed-period-impostor": """
Made to deceive. All repeats in its training had one period, 12, so there was no need to match tokens:
three heads of layer 1 attend by position alone. Up to position 24 they look 11 tokens back; from there on
mostly 23 or more, at an earlier copy. So on two copies of period 12 it passes every usual test of induction:
score, loss, copying, knock-out. On other periods it foretells wrong tokens with confidence, which costs more
than knowing nothing; on period 24 it is right now and then, for the same bad reason. Layer 0 was kept from
the job, so that the heads sit where induction heads belong; yet no head of layer 0 is a previous-token head.
""",
    "tiny-gpt2": """
Every part that GPT-2 has, in a size that runs at once: the model whose weights a learner's own transformer
loads. It is shipped as it was trained, with nothing folded: its norms have weights and biases of their own.

It knows how tales sound, and mixes up what they say: ask it for the capital of France. It has learned no
induction either. A second copy of random tokens is a little easier for it than the first, because tokens that
have occurred become likelier, and no head looks one token back. For induction study attn-only-2l.
""",
}
