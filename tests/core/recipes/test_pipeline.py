"""From a recipe to weights, history and card."""

import dataclasses
import shutil

import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.architecture.presets import PRESETS
from cae_core.data.dataset import Dataset, Labels
from cae_core.data.samples import DRAWN_CHECK, SAMPLE_CHECK
from cae_core.errors import PlaceError
from cae_core.recipes import measuring, pipeline
from cae_core.recipes.measuring import test_sets as sets_of
from cae_core.recipes.pipeline import UNKEPT_WEIGHTS, check_folder, describe, make, measure
from cae_core.recipes.recipe import source_recipe
from cae_core.training.learning_rate import LearningRateTest
from cae_core.zoo import cards
from cae_core.zoo.cards import HALF, IMAGES, NOT_KEPT, WEIGHTS

SMALL = cae.Architecture.parse("conv4 pool | up conv3:sigmoid")
SETTINGS = {"epochs": 2, "batch_size": 32}


def recipe(**changes):
    return source_recipe("baseline", architecture=SMALL, config=SETTINGS, **changes)


@pytest.fixture(autouse=True, scope="module")
def cifar():
    """A few sample patches in the place of CIFAR-10, all of class 0."""
    few = cae.load_dataset("photo_patches", limit=64)
    data = Dataset("cifar10", few.train, few.validation, few.test)
    labels = Labels(
        *(np.zeros(len(part), np.uint8) for part in (data.train, data.validation, data.test))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "load_dataset", lambda name, seed: data)
        patch.setattr(measuring, "load_labels", lambda name: labels)
        yield data


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A network's folder after its recipe."""
    folder = tmp_path_factory.mktemp("zoo") / "small"
    make(recipe(summary="Small.", difference="Smaller.", command="make small"), folder)
    return folder


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "small")


def test_a_recipe_leaves_weights_history_and_card_and_no_checkpoint(made):
    card = zoo.read_card(made / "card.json")
    files = {WEIGHTS, "history.csv", "card.json", "snapshots.npz"}
    assert {path.name for path in made.iterdir()} == files
    assert len((made / "history.csv").read_text().splitlines()) == 3
    assert (card.name, card.section, card.difference) == ("small", "B", "Smaller.")
    assert card.recipe == "make small"
    assert (card.dataset, card.licence) == (
        "cifar10",
        "CIFAR-10 (Krizhevsky 2009; no licence stated)",
    )
    assert card.published == PRESETS["baseline"].published
    assert card.sha256 == zoo.sha256(made / WEIGHTS)
    own, samples = card.figures
    assert (own["test_set"], samples["test_set"]) == ("cifar10 test", SAMPLE_CHECK)
    assert 0 <= own["judge_accuracy"] <= 1
    assert "judge_accuracy" not in samples


def test_a_card_is_described_anew_without_measuring(folder):
    before = zoo.read_card(folder / "card.json")
    (folder / WEIGHTS).unlink()
    words = {"title": "Tiny", "summary": "Tiny.", "difference": "Fewer images."}
    again = describe(recipe(**words, command="make small"), folder)
    assert again == zoo.read_card(folder / "card.json")
    assert again == dataclasses.replace(before, **words)


def test_a_card_is_about_the_rounded_weights_that_are_kept(folder):
    card = measure(recipe(summary="Small.", kept=HALF), folder)
    assert card.kept == HALF
    assert card.sha256 == zoo.sha256(folder / WEIGHTS)
    model = cae.build(SMALL)
    model.load_weights(folder / WEIGHTS)
    for kernel in (weights for weights in model.get_weights() if weights.ndim > 1):
        np.testing.assert_array_equal(kernel, kernel.astype(np.float16))


def test_a_network_that_is_not_kept_leaves_images(folder, monkeypatch):
    (folder / WEIGHTS).rename(folder / UNKEPT_WEIGHTS)
    card = measure(recipe(summary="Small.", kept=NOT_KEPT), folder)
    with np.load(folder / IMAGES) as kept:
        assert kept["images"].shape == (3, 12, 32, 32, 3)
    monkeypatch.setattr(cards, "FOLDER", folder.parent)
    assert zoo.card("small") == card
    with pytest.raises(zoo.ZooError, match=r"weights are kept.*Received: 'small'"):
        zoo.load("small")


def test_a_range_test_chooses_the_rate_once(tmp_path, cifar, monkeypatch):
    tests = []

    def found(*_, **settings):
        tests.append(settings["highest"])
        return LearningRateTest((0.1,), (0.5,), 0.025, "Because.")

    monkeypatch.setattr("cae_core.training.learning_rate.find_learning_rate", found)
    wanted = recipe(summary="Small.", finds_rate=True, highest_rate=0.1)
    for _ in range(2):
        chosen = pipeline.with_tested_rate(wanted, cifar, tmp_path)
        assert chosen.config.learning_rate == pytest.approx(0.025)
    assert tests == [0.1]
    assert "range test" in chosen.card_fields["recipe_notes"]


def test_a_range_test_that_shows_no_rate_is_an_error_with_its_reason(tmp_path):
    path = tmp_path / cards.LEARNING_RATE
    path.write_text(LearningRateTest((0.1,), (0.5,), None, "It never fell.").to_json())
    with pytest.raises(cae.CAEError, match=r"Received: .*It never fell\. .*Remove that file"):
        pipeline.with_kept_rate(recipe(summary="Small.", finds_rate=True), tmp_path)


def test_a_denoiser_is_measured_with_noise_and_without():
    denoiser = source_recipe("denoise-0.3", summary="As it is.")
    assert denoiser.tests == {
        "sigma 0.3, not clipped": cae.Denoise(0.3),
        "clean-through": cae.Reconstruct(),
    }
    assert denoiser.card_fields["noise_range"] == (0.3, 0.3)


def test_grey_networks_are_checked_against_drawn_digits():
    found = sets_of(Dataset("mnist", *[np.zeros((1, 28, 28, 1), np.uint8)] * 3))
    assert found["mnist test"].shape == (1, 28, 28, 1)
    assert found[DRAWN_CHECK].shape == (200, 28, 28, 1)


class InterruptedTrainingError(Exception):
    """As Ctrl-C or a killed process ends a training."""


def interrupt(monkeypatch, wanted, folder):
    """Trains into a folder, whose checkpoint stays, and ends before there is a card."""

    def stopped(*_, **__):
        raise InterruptedTrainingError

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "write_card", stopped)
        with pytest.raises(InterruptedTrainingError):
            make(wanted, folder)


def test_an_interrupted_training_goes_on_in_its_folder_and_in_no_others(tmp_path, monkeypatch):
    wanted = recipe(summary="Small.", command="make small")
    other = dataclasses.replace(wanted, config=dataclasses.replace(wanted.config, seed=3))
    check_folder(wanted, tmp_path / "new", may_overwrite=False)
    folder = tmp_path / "small"
    interrupt(monkeypatch, wanted, folder)
    checkpoint = folder / "checkpoint-1.npz"
    assert checkpoint.exists()
    check_folder(wanted, folder, may_overwrite=False)
    with pytest.raises(PlaceError, match=r"Received: .*small, which has .*add --force"):
        check_folder(other, folder, may_overwrite=False)
    assert checkpoint.exists()
    check_folder(wanted, folder, may_overwrite=True)
    assert checkpoint.exists()
    check_folder(other, folder, may_overwrite=True)
    assert not checkpoint.exists()


@pytest.mark.parametrize("name", ["card.json", WEIGHTS, "history.csv", "checkpoint-1.npz"])
def test_what_is_not_of_the_same_training_is_not_written_over(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(PlaceError, match=f"which has {name}"):
        check_folder(recipe(summary="Small."), tmp_path, may_overwrite=False)
    assert (tmp_path / name).read_text() == "mine"


def test_a_network_that_is_done_is_not_trained_over(made):
    wanted = recipe(summary="Small.", difference="Smaller.", command="make small")
    with pytest.raises(PlaceError, match=f"which has {WEIGHTS}"):
        check_folder(wanted, made, may_overwrite=False)
    check_folder(wanted, made, may_overwrite=True)
