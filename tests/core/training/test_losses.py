"""Losses against NumPy."""

import numpy as np
import pytest

from cae_core.training.config import LOSS_TITLES
from cae_core.training.losses import LOSS_FUNCTIONS


@pytest.fixture
def pair():
    random = np.random.default_rng(0)
    clean = random.random((4, 32, 24, 3), dtype=np.float32)
    noisy = np.clip(clean + random.normal(0, 0.1, clean.shape), 0, 1).astype(np.float32)
    return noisy, clean


def test_every_loss_is_a_figure_per_image_that_falls_towards_the_target(pair):
    noisy, clean = pair
    assert LOSS_FUNCTIONS.keys() == LOSS_TITLES.keys()
    for name, loss in LOSS_FUNCTIONS.items():
        far, near = np.asarray(loss(noisy, clean)), np.asarray(loss(clean, clean))
        assert far.shape == (4,)
        assert (near < far).all(), name


def test_mse_mae_and_cross_entropy_equal_numpy(pair):
    noisy, clean = pair
    axes = (1, 2, 3)
    safe = np.clip(noisy, 1e-6, 1 - 1e-6)
    expected = {
        "mse": np.mean((noisy - clean) ** 2, axes),
        "mae": np.mean(np.abs(noisy - clean), axes),
        "bce": -np.mean(clean * np.log(safe) + (1 - clean) * np.log(1 - safe), axes),
    }
    for name, values in expected.items():
        np.testing.assert_allclose(LOSS_FUNCTIONS[name](noisy, clean), values, rtol=1e-4)
