"""Recipes: from a declaration to weights, losses and a card."""

import dataclasses

import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.architecture import presets
from cae_core.architecture.presets import PRESETS
from cae_core.data.dataset import Dataset, Labels
from cae_core.data.samples import DRAWN_CHECK, SAMPLE_CHECK
from cae_core.recipes import recipe as recipes
from cae_core.recipes.recipe import describe, make, source_recipe, write_card
from cae_core.training.learning_rate import LearningRateTest
from cae_core.zoo.cards import HALF, IMAGES, NOT_KEPT, WEIGHTS

SMALL = cae.Architecture.parse("conv4 pool | up conv3:sigmoid")


@pytest.fixture
def cifar(monkeypatch):
    """A few sample patches in the place of CIFAR-10, with classes."""
    few = cae.load_dataset("photo_patches", limit=64)
    data = Dataset("cifar10", few.train, few.validation, few.test)
    labels = Labels(
        *(np.zeros(len(part), np.uint8) for part in (data.train, data.validation, data.test))
    )
    monkeypatch.setattr(recipes, "load_dataset", lambda name, seed: data)
    monkeypatch.setattr(recipes, "load_labels", lambda name: labels)
    return data


def recipe(**changes):
    made = source_recipe("baseline", summary="Small.", architecture=SMALL, epochs=2, **changes)
    return dataclasses.replace(made, config=dataclasses.replace(made.config, batch_size=32))


def folder_of(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    return folder


def test_a_recipe_leaves_weights_losses_and_a_card_and_no_checkpoint(tmp_path, cifar):
    folder = folder_of(tmp_path)
    card = make(recipe(difference="Smaller."), folder)
    assert {path.name for path in folder.iterdir()} == {WEIGHTS, "history.csv", "card.json"}
    assert len((folder / "history.csv").read_text().splitlines()) == 3
    assert (card.name, card.section, card.difference) == ("small", "B", "Smaller.")
    assert card.published == PRESETS["baseline"].published
    assert card.sha256 == zoo.sha256(folder / WEIGHTS)
    assert {row["test_set"] for row in card.figures} == {"cifar10 test", SAMPLE_CHECK}
    own, bundled = card.figures
    assert 0 <= own["judge_accuracy"] <= 1
    assert "judge_accuracy" not in bundled


def test_words_can_be_said_anew_without_measuring(tmp_path, cifar):
    folder = folder_of(tmp_path)
    card = make(recipe(), folder)
    (folder / WEIGHTS).unlink()
    again = describe(recipe(difference="Trained on fewer images.", title="Smaller"), folder)
    assert again == zoo.read_card(folder / "card.json")
    changed = {"title": "Smaller", "difference": "Trained on fewer images."}
    assert again == dataclasses.replace(card, **changed)


def test_the_card_is_of_the_weights_that_are_kept(tmp_path, cifar):
    folder = folder_of(tmp_path)
    card = make(recipe(kept=HALF), folder)
    assert card.kept == HALF
    again = write_card(recipe(kept=HALF), folder, cifar)
    assert again == card
    model = cae.build(SMALL)
    model.load_weights(folder / WEIGHTS)
    for weights in (weights for weights in model.get_weights() if weights.ndim > 1):
        np.testing.assert_array_equal(weights, weights.astype(np.float16))


def test_a_network_that_is_not_kept_leaves_images(tmp_path, cifar, monkeypatch):
    folder = folder_of(tmp_path)
    card = make(recipe(kept=NOT_KEPT), folder)
    assert not (folder / WEIGHTS).exists()
    with np.load(folder / IMAGES) as kept:
        assert kept["images"].shape == (3, 12, 32, 32, 3)
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    assert zoo.card("small") == card
    with pytest.raises(zoo.ZooError, match=r"weights are kept.*Received: 'small'"):
        zoo.load("small")


def test_a_range_test_chooses_the_rate_once(tmp_path, cifar, monkeypatch):
    tests = []

    def found(*_, **__):
        tests.append(1)
        return LearningRateTest((0.1,), (0.5,), 0.025, "Because.")

    monkeypatch.setattr("cae_core.training.learning_rate.find_learning_rate", found)
    folder = folder_of(tmp_path)
    card = make(recipe(finds_rate=True), folder)
    assert "learning rate 0.025" in card.recipe_notes
    write_card(recipes.with_tested_rate(recipe(finds_rate=True), cifar, folder), folder, cifar)
    assert len(tests) == 1


def test_a_denoiser_is_measured_with_noise_and_without(tmp_path, cifar):
    made = source_recipe("denoise-0.3", summary="Small.", architecture=SMALL, epochs=1)
    card = make(made, folder_of(tmp_path))
    assert [row["condition"] for row in card.figures[:2]] == [
        "sigma 0.3, not clipped",
        "clean-through",
    ]
    assert card.noise_range == (0.3, 0.3)
    assert card.task == cae.Denoise(0.3)


def test_grey_networks_are_checked_against_drawn_digits():
    report = recipes._test_sets(
        source_recipe("dense-mnist", summary="Small."),
        Dataset("mnist", *[np.zeros((1, 28, 28, 1), np.uint8)] * 3),
    )
    assert report[DRAWN_CHECK].shape == (200, 28, 28, 1)


@pytest.mark.parametrize("preset", presets.PRESETS.values(), ids=lambda preset: preset.id)
def test_a_source_recipe_trains_as_its_source_says(preset):
    made = source_recipe(preset.id, summary="As it is.")
    assert made.architecture == preset.architecture
    assert (made.config.epochs, made.config.batch_size) == (preset.epochs, preset.batch_size)
    assert made.dataset == preset.dataset
    assert (made.config.learning_rate, made.config.schedule) == (1e-3, "constant")
