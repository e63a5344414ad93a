"""All models that the course ships, in the order of their training."""

from workers.training.brackets import Brackets
from workers.training.indirect_card import IndirectObjects
from workers.training.language import LanguageModel
from workers.training.making import Maker
from workers.training.modular_addition import ModularAddition
from workers.training.recipes import RECIPES

_ALL: tuple[Maker, ...] = (
    *(LanguageModel(recipe) for recipe in RECIPES.values()),
    ModularAddition(),
    IndirectObjects(),
    Brackets(),
)

MAKERS = {maker.name: maker for maker in _ALL}
