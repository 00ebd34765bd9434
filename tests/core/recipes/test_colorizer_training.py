"""What trains the colorizers: the loss, the weights of rare colours, sessions that go on."""

import keras
import numpy as np
import pytest

from cae_core.data.registry import load_dataset
from cae_core.models.ab_bins import ab_bin_centres, soft_bins
from cae_core.models.colorizer import build_colorizer
from cae_core.recipes.colorizer_training import (
    AbLoss,
    LightnessAndAb,
    class_weights,
    reduced_ab,
    train_session,
)
from cae_core.recipes.time_budget import CHECKPOINT
from cae_core.training.history import read_history
from cae_core.zoo.cards import WEIGHTS

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def images():
    return load_dataset("photo_patches", limit=64).train[:64]


def test_the_loss_is_the_cross_entropy_of_the_classes_around_each_colour(images):
    ab = reduced_ab(images[:2])
    logits = np.random.default_rng(0).normal(size=(*ab.shape[:3], len(ab_bin_centres())))
    weights = np.random.default_rng(1).uniform(0.5, 2, len(ab_bin_centres())).astype(np.float32)
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    classes, shares = soft_bins(ab)
    entropy = -(shares * np.take_along_axis(log_probabilities, classes, axis=-1)).sum(axis=-1)
    expected = entropy * (shares * weights[classes]).sum(axis=-1)
    loss = AbLoss(weights)((logits.astype(np.float32), ab))
    np.testing.assert_allclose(np.asarray(loss), expected, rtol=1e-3)


def test_the_graph_and_numpy_reduce_chrominance_alike(images):
    lightness, ab = LightnessAndAb()(images[:4])
    assert lightness.shape == (4, 32, 32, 1)
    np.testing.assert_allclose(np.asarray(ab), reduced_ab(images[:4]), atol=1e-3)


def test_rare_colours_weigh_more_and_the_mean_weight_is_one(images):
    weights = class_weights(images)
    classes, shares = soft_bins(reduced_ab(images))
    assert (weights[classes] * shares).sum(axis=-1).mean() == pytest.approx(1, abs=1e-3)
    count = np.bincount(classes.ravel(), shares.ravel(), minlength=len(weights))
    assert weights[count.argmin()] > weights[count.argmax()]


class Same(keras.utils.PyDataset):
    """Eight times the same batch."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 8

    def __getitem__(self, index):
        return self.batch, np.zeros(len(self.batch))


@pytest.mark.heavy
def test_a_session_leaves_weights_history_and_a_checkpoint(images, tmp_path):
    colorizer = build_colorizer((8, 8))
    train_session(
        colorizer,
        Same(images[:8]),
        images[8:16],
        class_weights(images),
        tmp_path,
        minutes=0.001,
        peak=1e-2,
    )
    (row,) = read_history(tmp_path)
    assert row["images"] == 64
    assert (tmp_path / CHECKPOINT).exists()
    build_colorizer((8, 8)).load_weights(tmp_path / WEIGHTS)  # the averaged ones
