"""The recipe of each shipped model."""

from workers.training.attention_only import Recipe
from workers.training.batches import Mix
from workers.training.network import Shape

IMPOSTOR_PERIOD = 12

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("attn-only-0l", Shape(n_layers=0), steps=600),
        Recipe("attn-only-1l", Shape(n_layers=1), steps=1000),
        Recipe(
            "attn-only-2l",
            Shape(n_layers=2),
            steps=1600,
            silenced=(0.0, 0.1),
            most_prev_token=(1,),
            most_induction=(None, 3),
        ),
        Recipe(
            "fixed-period-impostor",
            Shape(n_layers=2),
            steps=1000,
            mix=Mix(periods=(IMPOSTOR_PERIOD,)),
            silenced=(0.0, 0.1),
            most_induction=(0, 3),
        ),
    )
}

# What a reader of the card should know beyond the numbers.
PROSE = {name: "" for name in RECIPES}
