"""The table of recipes: that a recipe would train the network that its card describes."""

import dataclasses

import pytest

from cae_core import zoo
from cae_core.architecture.presets import PRESETS
from cae_core.architecture.report import analyze
from cae_core.recipes.imagenet import EFFICIENTNET, EFFICIENTNET_FEATURES, VGG16
from cae_core.recipes.pipeline import with_kept_rate
from cae_core.recipes.rate_training import RATE_RECIPES
from cae_core.recipes.strategies import (
    SINGLE_FIT,
    FeatureLossTraining,
    ProgressiveResizing,
    TransferLearning,
)
from cae_core.recipes.table import IMAGENET_RECIPES, JUDGE_RECIPES, RECIPES

EVERY = RECIPES | JUDGE_RECIPES
SOURCES = {name: recipe for name, recipe in RECIPES.items() if recipe.preset}
LONGER = {"homework-long"}  # trained longer than its source says, on purpose


def test_every_network_of_the_zoo_has_a_recipe():
    own = {path.parent.name for path in zoo.FOLDER.glob("*/recipe.py")}
    in_tables = EVERY.keys() | RATE_RECIPES.keys()
    assert not own & in_tables
    assert own | in_tables >= set(zoo.names())


def test_every_preset_has_its_row():
    shown_elsewhere = {"clean-through"}  # a condition of denoise-0.3
    assert {recipe.preset for recipe in SOURCES.values()} == set(PRESETS) - shown_elsewhere


@pytest.mark.parametrize("name", sorted(EVERY.keys() & set(zoo.names())))
def test_a_card_says_what_its_recipe_says(name):
    card = zoo.card(name)
    recipe = with_kept_rate(EVERY[name], zoo.FOLDER / name)
    assert card == dataclasses.replace(
        card,
        **recipe.card_fields,
        network=str(recipe.architecture),
        kept=recipe.kept,
    )


@pytest.mark.parametrize("name", SOURCES)
def test_a_row_is_trained_as_its_source_says(name):
    recipe, preset = SOURCES[name], PRESETS[SOURCES[name].preset]
    assert recipe.dataset == preset.dataset
    assert recipe.config.batch_size == preset.batch_size
    assert recipe.config.loss == preset.loss
    assert recipe.config.seed == 0
    assert recipe.config.epochs == preset.epochs or name in LONGER
    assert recipe.finds_rate == (preset.section == "B")
    schedules = {"B": "one_cycle", "": "cosine"}
    assert recipe.config.schedule == schedules.get(preset.section, "constant")
    report = analyze(recipe.architecture)
    assert report.problems == ()
    assert report.output_shape == recipe.architecture.input_shape


def names_of(architecture):
    return [layer.keras_name(number) for number, layer in enumerate(architecture.layers, start=1)]


@pytest.mark.parametrize(
    "name", [name for name, recipe in SOURCES.items() if recipe.strategy != SINGLE_FIT]
)
def test_a_strategy_fits_its_network_and_its_judge(name):
    recipe = SOURCES[name]
    strategy = recipe.strategy
    if isinstance(strategy, ProgressiveResizing):
        assert strategy.epochs < recipe.config.epochs
        return
    if strategy.classifier == EFFICIENTNET:
        if isinstance(strategy, TransferLearning):
            taken = recipe.architecture.layers[: strategy.layers]
            assert len(recipe.architecture.encoder) == len(taken) + 2  # flatten, dense
            assert strategy.frozen_epochs < recipe.config.epochs
        else:
            assert strategy.layers == EFFICIENTNET_FEATURES
        return
    judge = JUDGE_RECIPES[strategy.classifier].architecture
    if isinstance(strategy, TransferLearning):
        taken = strategy.layers
        assert recipe.architecture.layers[:taken] == judge.layers[:taken]
        assert strategy.frozen_epochs < recipe.config.epochs
    else:
        assert isinstance(strategy, FeatureLossTraining)
        assert set(strategy.layers) <= set(names_of(judge))


@pytest.mark.parametrize("suffix", ["", "-mnist"])
def test_transfer_and_scratch_are_the_same_network(suffix):
    scratch = RECIPES[f"transfer-scratch{suffix}"]
    assert RECIPES[f"transfer{suffix}"].architecture == scratch.architecture


@pytest.mark.parametrize("name", IMAGENET_RECIPES)
def test_imagenet_is_an_option_with_a_command_of_its_own(name):
    usual, imagenet = RECIPES[name], IMAGENET_RECIPES[name]
    assert imagenet.strategy.classifier == VGG16
    assert imagenet.command == f"python -m cae_core make {name} --imagenet --out FOLDER"
    assert imagenet.summary != usual.summary
    assert analyze(imagenet.architecture).problems == ()
