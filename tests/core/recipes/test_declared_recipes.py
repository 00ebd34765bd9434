"""The recipes in pretrained/ as they stand there: that they would train what they say."""

import runpy

import pytest

from cae_core import zoo
from cae_core.architecture.presets import PRESETS
from cae_core.architecture.report import analyze
from cae_core.recipes.recipe import Recipe
from cae_core.recipes.strategies import (
    IMAGENET,
    FeatureLossTraining,
    ProgressiveResizing,
    TransferLearning,
)

FILES = sorted(zoo.FOLDER.glob("*/recipe.py"))
SOURCES = {
    path.parent.name: declared
    for path in FILES
    for declared in [runpy.run_path(str(path), run_name="declared").get("RECIPE")]
    if isinstance(declared, Recipe) and declared.preset
}
# What is trained longer than its source says, on purpose.
LONGER = {"homework-long"}
every_source = pytest.mark.parametrize("name", SOURCES)


def test_every_preset_has_its_row():
    rows = {recipe.preset for recipe in SOURCES.values()}
    shown_elsewhere = {"clean-through"}  # a condition of denoise-0.3
    assert rows == set(PRESETS) - shown_elsewhere


@every_source
def test_a_row_is_trained_as_its_source_says(name):
    recipe, preset = SOURCES[name], PRESETS[SOURCES[name].preset]
    assert recipe.dataset == preset.dataset
    assert recipe.config.batch_size == preset.batch_size
    assert recipe.config.seed == 0
    assert recipe.config.epochs == preset.epochs or name in LONGER
    if preset.section == "B":
        assert recipe.finds_rate
        assert recipe.config.schedule == "one_cycle"


@every_source
def test_a_row_gives_back_the_images_it_gets(name):
    report = analyze(SOURCES[name].architecture)
    assert report.problems == ()
    assert report.output_shape == SOURCES[name].architecture.input_shape


@every_source
def test_a_practice_fits_its_network_and_its_judge(name):
    recipe = SOURCES[name]
    if isinstance(recipe.strategy, TransferLearning):
        taken = recipe.strategy.layers
        judge = zoo.card(recipe.strategy.classifier).architecture
        assert recipe.architecture.layers[:taken] == judge.layers[:taken]
        assert recipe.strategy.frozen_epochs < recipe.config.epochs
    elif isinstance(recipe.strategy, FeatureLossTraining):
        names = {layer.name for layer in zoo.load(recipe.strategy.classifier).layers}
        assert set(recipe.strategy.layers) <= names
    elif isinstance(recipe.strategy, ProgressiveResizing):
        assert recipe.strategy.epochs < recipe.config.epochs
    else:
        assert str(recipe.strategy) == ""


def test_transfer_and_scratch_are_the_same_network():
    for suffix in ("", "-mnist"):
        transferred, scratch = SOURCES[f"transfer{suffix}"], SOURCES[f"transfer-scratch{suffix}"]
        assert transferred.architecture == scratch.architecture


@pytest.mark.parametrize("name", ["transfer", "feature-loss"])
def test_imagenet_is_an_option_with_a_command_of_its_own(name):
    declared = runpy.run_path(str(zoo.FOLDER / name / "recipe.py"), run_name="declared")
    usual, imagenet = declared["RECIPE"], declared["WITH_IMAGENET"]
    assert imagenet.strategy.classifier == IMAGENET
    assert "--imagenet" in imagenet.command
    assert imagenet.summary != usual.summary
    assert analyze(imagenet.architecture).problems == ()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_a_docstring_says_command_duration_and_score(path):
    text = path.read_text().split('"""')[1]
    assert f"python pretrained/{path.parent.name}/recipe.py" in text
    assert "DURATION" not in text
    assert "EXPECTED" not in text
    if path.parent.name in zoo.names():
        assert any(character.isdigit() for character in text)
