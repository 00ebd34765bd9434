"""Losses against numpy and against scikit-image."""

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from cae_core.training.config import LOSS_TITLES
from cae_core.training.losses import LOSS_FUNCTIONS, ssim


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


def test_ssim_equals_scikit_images_gaussian_one(pair):
    noisy, clean = pair
    expected = [
        structural_similarity(
            a,
            b,
            data_range=1.0,
            channel_axis=2,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(noisy, clean, strict=True)
    ]
    np.testing.assert_allclose(ssim(noisy, clean), expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 5, 9, 1), (1, 10, 12, 2), (1, 3, 3, 3)])
def test_ssim_of_an_image_smaller_than_its_window_is_a_number(shape):
    image = np.random.default_rng(1).random(shape, dtype=np.float32)
    np.testing.assert_allclose(ssim(image, image), 1.0, atol=1e-5)
