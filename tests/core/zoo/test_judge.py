"""The judges: how they are trained, and what they are asked."""

import os

import keras
import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.data.dataset import Dataset, Labels
from cae_core.data.registry import load_labels
from cae_core.data.samples import drawn_digits
from cae_core.recipes.judge_training import CLASSES, JudgeRecipe, train_judge, whiten
from cae_core.training.loop import images_of
from cae_core.zoo.judge import JUDGES, accuracy, confidence, judge_accuracy, logits_of

NETWORK = cae.Architecture.parse("8x8x3 conv12k3:linear bn relu pool8 flatten | dense10:linear")


def brightness_judge():
    """Says class 1 for images lighter than a half, with a margin of 10 logits."""
    inputs = keras.Input((4, 4, 1))
    light = keras.layers.GlobalAveragePooling2D()(inputs)
    outputs = keras.layers.Concatenate()([10 * (0.5 - light), 10 * (light - 0.5)])
    return keras.Model(inputs, outputs)


def flat_images(*levels):
    return np.stack([np.full((4, 4, 1), level, np.float32) for level in levels])


def test_accuracy_is_the_share_of_classes_named():
    images = flat_images(0.1, 0.2, 0.9, 0.8)
    assert accuracy(brightness_judge(), images, np.array([0, 0, 1, 1])) == 1
    assert accuracy(brightness_judge(), images, np.array([0, 1, 1, 1])) == 0.75


def test_bytes_are_judged_as_the_numbers_they_stand_for():
    judge, images = brightness_judge(), flat_images(0.2, 0.6)
    in_bytes = np.round(images * 255).astype(np.uint8)
    np.testing.assert_allclose(
        logits_of(judge, in_bytes, batch_size=1), logits_of(judge, images), atol=0.03
    )


def test_confidence_is_the_probability_of_the_named_class():
    assert confidence(brightness_judge(), flat_images(0.5)) == pytest.approx(0.5)
    assert confidence(brightness_judge(), flat_images(0.0, 1.0)) > 0.99


@pytest.fixture
def coloured():
    """Images whose class is one of ten shades, with noise on them."""
    rng = np.random.default_rng(0)
    shades = rng.integers(30, 225, (CLASSES, 3))

    def part(count):
        labels = np.arange(count) % CLASSES
        noise = rng.integers(-20, 20, (count, 8, 8, 3))
        return (shades[labels, None, None] + noise).astype(np.uint8), labels.astype(np.uint8)

    parts = [part(count) for count in (400, 100, 100)]
    images, labels = zip(*parts, strict=True)
    return Dataset("shades", *images), Labels(*labels)


def test_a_judge_learns_to_tell_shades_apart(coloured, tmp_path):
    data, labels = coloured
    recipe = JudgeRecipe("Shades", "shades", NETWORK, 12, 20, 0.03, margin=1, is_mirrored=True)
    judge = train_judge(recipe, data, labels, tmp_path)
    assert accuracy(judge, data.test, labels.test) > 0.8
    lines = (tmp_path / "history.csv").read_text().splitlines()
    assert lines[0] == "epoch,accuracy,loss,val_accuracy,val_loss,seconds"
    assert len(lines) == 13
    assert not list(tmp_path.glob("backup/*"))


def test_the_first_layer_starts_as_uncorrelated_axes_of_its_patches():
    rng = np.random.default_rng(0)
    smooth = np.cumsum(rng.normal(size=(200, 8, 8, 3)), axis=2) + rng.normal(size=(200, 8, 8, 1))
    images = np.clip(smooth * 12 + 128, 0, 255).astype(np.uint8)
    layer = keras.layers.Conv2D(12, 2, strides=2)
    layer.build((None, 8, 8, 3))
    whiten(layer, images)
    seen = np.asarray(layer(images / np.float32(255))).reshape(-1, 12)
    covariance = np.cov(seen, rowvar=False)
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=0.02)
    assert np.diag(covariance)[0] == pytest.approx(1, abs=0.05)


FOUND = [(dataset, name) for dataset, name in JUDGES.items() if name in zoo.names()]


def test_both_judges_are_in_the_zoo():
    assert {name for _, name in FOUND} == set(JUDGES.values())


@pytest.mark.parametrize(("dataset", "least"), [("cifar10", 0.92), ("mnist", 0.994)])
def test_a_judge_is_small_and_good_by_its_card(dataset, least):
    card = zoo.card(JUDGES[dataset])
    assert card.parameters <= 3_000_000
    assert card.figures[0]["accuracy"] >= least
    assert card.figures[0]["test_set"] == f"{dataset} test"


@pytest.mark.parametrize(("dataset", "name"), FOUND)
def test_a_judge_does_on_the_test_set_what_its_card_says(dataset, name):
    if not os.environ.get("CAE_DATA_DIR"):
        pytest.skip("The whole test sets are in the folder that CAE_DATA_DIR names; it is not set.")
    images, labels = cae.load_dataset(dataset).test, load_labels(dataset).test
    found = accuracy(zoo.load(name), images, labels)
    assert found == pytest.approx(zoo.card(name).figures[0]["accuracy"], rel=0.001)


def test_a_perfect_autoencoder_costs_the_judge_nothing():
    digits = drawn_digits(50)
    labels = np.arange(50) % 10
    inputs = keras.Input((28, 28, 1))
    same = keras.Model(inputs, keras.layers.Identity()(inputs))
    black = keras.Model(inputs, keras.layers.Rescaling(0.0)(inputs))
    own = accuracy(zoo.load(JUDGES["mnist"]), digits, labels)
    assert own > 0.8
    assert judge_accuracy(same, digits, labels, cae.Reconstruct(), "mnist") == own
    assert judge_accuracy(black, digits, labels, cae.Reconstruct(), "mnist") <= 0.1


def test_the_judged_images_are_those_that_are_measured():
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
    inputs = keras.Input((8, 8, 3))
    brighter = keras.Model(inputs, keras.layers.Rescaling(2.0)(inputs))
    found = images_of(brighter, images, cae.Reconstruct(), batch_size=4)
    np.testing.assert_allclose(found, np.minimum(images / np.float32(127.5), 1), atol=1e-5)
    noisy = [images_of(brighter, images, cae.Denoise(0.2), seed=s) for s in (0, 0, 1)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert not np.array_equal(noisy[0], noisy[2])
