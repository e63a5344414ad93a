"""What may you say?

You have trained the same sparse autoencoder on three things: activations of a trained model, of its random
twin, and noise with the same mean and covariance. Run the cells above, several times. Then say what follows,
and what does not."""

from typing import Literal

HINTS = [
    "Hold the three rows against each other, one column at a time. Which column tells the trained model "
    "from the twin clearly, and which tells the twin from noise?",
    "The twin has learned nothing, but it reads the same texts, and each token has a vector of its own, "
    "drawn by lot. What can a latent of the twin be about?",
    "Explained variance: nearly the same for all. Latents about a token: the twin has them, too, as the "
    "token is in the data. What counts is the difference, at the same settings.",
]
MINUTES = 8
CONCEPTS = ["dictionary-learning", "red-teamed-a-claim"]
PURPOSE = """“Our autoencoder explains 80 % of the variance, and the latents look interpretable.” You will
read that sentence often, and from now on you will ask: and on the control?"""
DIFFICULTY = 3
IMPORTANCE = 5
WHY = """A sparse autoencoder describes *activations*. Where they are clustered, it finds clusters; and
activations are clustered because the *texts* are. A twin whose embedding is drawn by lot still gives every
token its own vector, so its activations still have one cluster for each token, and the latents of the twin
are about tokens. All of that you would have called interpretable, had you not known where it comes from.

So a latent that fires on one word is evidence about the text. Evidence about the *model* is what the twin
does not have: here, fewer latents for a smaller error, and latents that stay with one token although more has
been mixed into the residual stream.

Heap et al. find on much larger models that scores of automatic interpretability and of reconstruction come
out much alike for trained and random transformers. That does not say that the autoencoders of the trained
ones show nothing. It says that these scores cannot tell."""

variance: Literal[
    "The trained model's activations are made of sparse features",
    "Little: noise without any features is explained almost as well",
    "The autoencoder works, since most of the variance is explained",
] = "Little: noise without any features is explained almost as well"
"""With the same settings, less than a quarter of the variance is left unexplained in all three. What does
that say about features in the trained model?"""

twin_latents: Literal[
    "The random model has learned some features after all",
    "The texts: each token has its own vector, also where vectors are drawn by lot",
    "It must be a mistake: a random model has no structure",
] = "The texts: each token has its own vector, also where vectors are drawn by lot"
"""The twin's latents are about single tokens far more often than those of noise. Where does that come
from?"""

toy: Literal[
    "It shows that the method finds features where there are features of the assumed kind",
    "It shows that what the method finds in a language model is real",
    "Nothing: toys prove nothing",
] = "It shows that the method finds features where there are features of the assumed kind"
"""On the toy, the hidden features were found with a mean max cosine above 0.9. What does that show?"""

claim: Literal[
    "“Our latents are features that the model has learned”",
    "“At equal settings the trained model needs fewer latents than its twin, for a smaller error”",
    "“Sparse autoencoders find nothing in this model”",
] = "“At equal settings the trained model needs fewer latents than its twin, for a smaller error”"
"""Which sentence do your measurements carry?"""

next_step: Literal[
    "Silence or raise the latent while the model runs, and see whether the output changes as the story says",
    "Look at more examples on which it fires",
    "Train a larger autoencoder",
] = "Silence or raise the latent while the model runs, and see whether the output changes as the story says"
"""A latent fires on the word before “nor”. What would say most about whether the *model* uses it?"""


def check_variance(answer):
    """What explained variance says."""
    assert answer.variance == "Little: noise without any features is explained almost as well", (
        "Look at the first column, at the row of noise: there are no features in it at all."
    )


def check_twin(answer):
    """Where the twin's latents come from."""
    assert answer.twin_latents == (
        "The texts: each token has its own vector, also where vectors are drawn by lot"
    ), "What do the trained model and the twin have in common, and noise has not?"


def check_toy(answer):
    """What the toy shows."""
    assert answer.toy == (
        "It shows that the method finds features where there are features of the assumed kind"
    ), (
        "In the toy you knew that there were sparse directions, because you had put them there. Is that "
        "known here?"
    )


def check_claim(answer):
    """What the measurements carry."""
    assert answer.claim == (
        "“At equal settings the trained model needs fewer latents than its twin, for a smaller error”"
    ), "Which of the three sentences is nothing but a row of your table held against another?"


def check_next(answer):
    """What would be the next experiment."""
    assert answer.next_step == (
        "Silence or raise the latent while the model runs, and see whether the output changes as the story "
        "says"
    ), (
        "All that has been measured so far is what activations look like. How does one find out what they "
        "*do*?"
    )


def mistake_made_of_features__variance():
    """Then noise would be made of sparse features, too: it has the same score to a few hundredths. With many
    latents and a mild penalty nearly anything can be written down."""
    return "The trained model's activations are made of sparse features"


def mistake_it_works__variance():
    """That it reconstructs was asked of it in the loss. It does so on noise. Whether what it uses for that is
    a feature, this number does not know."""
    return "The autoencoder works, since most of the variance is explained"


def mistake_learned_after_all__twin_latents():
    """Its numbers were drawn by lot a second ago, and no text has ever changed them."""
    return "The random model has learned some features after all"


def mistake_a_mistake__twin_latents():
    """A random network is a fixed function: equal tokens get equal vectors, and so the structure of the texts
    comes out at the other end. That is no mistake, it is the point of the control."""
    return "It must be a mistake: a random model has no structure"


def mistake_real__toy():
    """It shows that the method *can* find what is there. It also finds something where nothing is, as the
    noise has shown."""
    return "It shows that what the method finds in a language model is real"


def mistake_proves_nothing__toy():
    """Had the method failed on its home ground, you could have stopped there. That is worth something."""
    return "Nothing: toys prove nothing"


def mistake_learned__claim():
    """A good part of what you have seen in the latents the twin has, too, and it has learned nothing. The
    sentence claims more than the difference."""
    return "“Our latents are features that the model has learned”"


def mistake_nothing_found__claim():
    """There is a difference between the trained model and its twin, and it is larger than that of two twins.
    It is only smaller than the trained model's row alone would make you think."""
    return "“Sparse autoencoders find nothing in this model”"


def mistake_more_examples__next_step():
    """More examples say more exactly when it fires. That it fires there and that the model *uses* it are two
    things."""
    return "Look at more examples on which it fires"


def mistake_larger__next_step():
    """A larger one gives more latents of the same kind of evidence."""
    return "Train a larger autoencoder"
