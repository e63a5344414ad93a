"""All models that the course ships, in the order of their training."""

from workers.training.language import LanguageModel
from workers.training.making import Maker
from workers.training.recipes import RECIPES

_ALL: tuple[Maker, ...] = (*(LanguageModel(recipe) for recipe in RECIPES.values()),)

MAKERS = {maker.name: maker for maker in _ALL}
