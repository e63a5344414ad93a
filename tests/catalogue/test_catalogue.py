"""The catalogue: one file, which site and lab read alike; and what an installed model adds to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.config import settings
from app.running import catalogue
from app.steps import Failed
from workers.lab.models import registry

SIZES = {"n_layers": 2, "n_heads": 4, "d_model": 32, "n_ctx": 128, "d_vocab": 300}
FACTS = {"name": "acme/tiny", "title": "Tiny", "summary": "Small.", "folded": False, **SIZES}


@pytest.fixture
def models_dir(change_settings: Callable[..., None]) -> Iterator[Path]:
    """An empty models folder, of which the lab knows; `acme/tiny` is allowed."""
    change_settings(hub_models="acme/tiny, gpt2")
    settings().models_dir.mkdir(parents=True)
    registry.look_in(settings().models_dir, settings().hub_names)
    yield settings().models_dir
    registry.look_in(None)


def test_every_entry_says_what_it_takes_and_where_it_is_from() -> None:
    for model in catalogue.models():
        assert None not in (model.download_mb, model.disk_mb, model.memory_mb, model.run_mb, model.n_layers)
        assert model.licence
        assert model.origin
        assert model.summary.endswith(".")
        assert bool(model.package and model.file) == (model.source == "package")


def test_the_lab_ships_what_the_catalogue_says_is_shipped() -> None:
    assert [one.name for one in registry.models()] == [m.name for m in catalogue.models() if m.shipped]


def test_hub_models_are_offered_after_the_catalogue(change_settings: Callable[..., None]) -> None:
    change_settings(hub_models="gpt2, EleutherAI/pythia-70m ,smollm2-135m")
    offered = catalogue.models()
    assert [model.name for model in offered][-2:] == ["gpt2", "EleutherAI/pythia-70m"]
    assert [model.source for model in offered][-3:] == ["package", "hub", "hub"]
    assert offered[-1].download_mb is None


@pytest.mark.parametrize(
    "name", ["../etc", "a/../b", "a/b/c", "/gpt2", "gpt2/", ".gpt2", "a--b", "gpt 2", "a\nb", "x" * 97, "é"]
)
def test_a_name_that_is_none_is_refused(name: str, change_settings: Callable[..., None]) -> None:
    change_settings(hub_models=f"gpt2,{name}")
    with pytest.raises(Failed, match=r"UNEMBED_HUB_MODELS: .* is no name of a model"):
        settings()
    change_settings(hub_models="")
    with pytest.raises(catalogue.NoSuchModel):
        catalogue.folder_of(name)


def test_a_name_with_an_owner_stays_inside_the_folder(models_dir: Path) -> None:
    assert catalogue.folder_of("acme/tiny").parent == models_dir


def test_what_was_measured_counts_more_than_what_was_promised(models_dir: Path) -> None:
    assert catalogue.installed("acme/tiny") is None
    _lay_out(models_dir / "acme--tiny", {**FACTS, "disk_mb": 3})
    found = catalogue.find("acme/tiny")
    assert (found.disk_mb, found.d_model, found.source) == (3, 32, "hub")
    assert list(catalogue.all_installed()) == ["acme/tiny"]
    assert registry.info("acme/tiny").d_vocab == 300
    assert [one.name for one in registry.models()][-1] == "acme/tiny"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "acme/tiny"}', "\x00"])
def test_damaged_facts_are_no_model(models_dir: Path, text: str) -> None:
    folder = models_dir / "acme--tiny"
    folder.mkdir()
    (folder / "model.json").write_text(text)
    with pytest.raises(registry.ModelUnavailable):
        registry.info("acme/tiny")


@pytest.mark.parametrize("name", ["smollm2-135m", "gpt2"])
def test_one_that_is_not_installed_says_who_can_install_it_and_where(models_dir: Path, name: str) -> None:
    with pytest.raises(registry.ModelUnavailable, match=r"An admin of this site can install it: /models"):
        registry.info(name)


def test_no_name_of_a_model_names_those_there_are() -> None:
    with pytest.raises(catalogue.NoSuchModel, match=r"smollm2-135m.*UNEMBED_HUB_MODELS"):
        catalogue.find("gpt3")


def _lay_out(folder: Path, facts: dict[str, object]) -> None:
    folder.mkdir()
    (folder / "model.json").write_text(json.dumps(facts))
