"""Training of the evaluation classifiers."""

import keras
import numpy as np
import pytest

import cae_core as cae
from cae_core.data.dataset import Dataset, Labels
from cae_core.recipes.judge_training import CLASSES, LABEL_SMOOTHING, train_judge, whiten
from cae_core.recipes.recipe import JudgeRecipe
from cae_core.training.history import read_history
from cae_core.zoo.judge import accuracy

NETWORK = cae.Architecture.parse("8x8x3 conv12k3:linear bn relu pool8 flatten | dense10:linear")


@pytest.fixture(scope="module")
def shades():
    """Images whose class is one of ten shades, with noise on them."""
    rng = np.random.default_rng(0)
    shades = rng.integers(30, 225, (CLASSES, 3))

    def part(count):
        labels = np.arange(count) % CLASSES
        noise = rng.integers(-20, 20, (count, 8, 8, 3))
        return (shades[labels, None, None] + noise).astype(np.uint8), labels.astype(np.uint8)

    images, labels = zip(*[part(count) for count in (400, 100, 100)], strict=True)
    return Dataset("shades", *images), Labels(*labels)


@pytest.mark.heavy
def test_a_judge_learns_to_tell_shades_apart_with_smoothed_labels(shades, tmp_path):
    data, labels = shades
    recipe = JudgeRecipe("Shades", "mnist", NETWORK, 12, 20, 0.03, margin=1, is_mirrored=True)
    judge = train_judge(recipe, data, labels, tmp_path)
    assert accuracy(judge, data.test, labels.test) > 0.9
    history = read_history(tmp_path)
    assert [row["epoch"] for row in history] == list(range(1, 13))
    assert set(history[0]) == {"epoch", "accuracy", "loss", "val_accuracy", "val_loss", "seconds"}
    assert {path.name for path in tmp_path.iterdir()} == {"history.csv"}
    # The cross-entropy of smoothed labels is at least their own entropy.
    smoothed = (1 - LABEL_SMOOTHING) * np.eye(CLASSES)[0] + LABEL_SMOOTHING / CLASSES
    assert history[-1]["loss"] >= -(smoothed @ np.log(smoothed))


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
