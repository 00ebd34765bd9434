"""Figures of a network on images: those of NumPy, with noise that is the same for a seed."""

import keras
import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.models.builder import build
from cae_core.training.evaluation import evaluate
from cae_core.training.tasks import Denoise, Reconstruct


def ramps(count):
    """Images of one brightness each, rising from left to right."""
    brightness = np.random.default_rng(0).integers(0, 200, (count, 1, 1, 1))
    slope = np.linspace(0, 55, 8)[None, None, :, None]
    return np.broadcast_to(brightness + slope, (count, 8, 8, 1)).astype(np.uint8)


def loud_model():
    """A network whose outputs leave [0, 1] on both sides."""
    model = build(Architecture.parse("8x8x1 conv4:linear | conv1:linear"), seed=1)
    model.set_weights([3 * weights for weights in model.get_weights()])
    return model


def test_the_test_figures_are_those_that_numpy_calculates():
    images = ramps(21)
    images[3:] += np.random.default_rng(0).integers(0, 50, (18, 8, 8, 1), np.uint8)
    model = loud_model()
    raw = model.predict(images / np.float32(255), verbose=0).astype(np.float64)
    assert raw.min() < 0
    assert raw.max() > 1
    errors = np.clip(raw, 0, 1) - images / 255
    mse = (errors**2).mean(axis=(1, 2, 3))
    figures = evaluate(model, images, Reconstruct(), batch_size=8)
    assert figures["mse"] == pytest.approx(mse.mean(), rel=1e-5)
    assert figures["mae"] == pytest.approx(np.abs(errors).mean(), rel=1e-5)
    assert figures["psnr"] == pytest.approx((10 * np.log10(1 / mse)).mean(), abs=1e-4)
    # The mean over the images is not the PSNR of the mean error.
    assert abs(figures["psnr"] - 10 * np.log10(1 / mse.mean())) > 0.1
    assert figures["images"] == 21
    assert set(figures) == {"mse", "mae", "psnr", "ssim", "images"}


def test_the_test_noise_is_the_same_for_the_same_seed_and_has_the_tasks_sigma():
    # Far from 0 and 1, so that cutting the output changes nothing.
    images = np.full((200, 8, 8, 1), 128, np.uint8)
    handing_through = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Identity()])
    first, again, other = (
        evaluate(handing_through, images, Denoise(0.05), seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first["mse"] != other["mse"]
    for figures in (first, other):
        assert figures["mse"] == pytest.approx(0.05**2, rel=0.06)
        assert figures["psnr"] == pytest.approx(-20 * np.log10(0.05), abs=0.3)


def test_a_perfect_network_has_no_error_and_infinite_psnr():
    handing_through = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Identity()])
    figures = evaluate(handing_through, ramps(3), Reconstruct())
    assert (figures["mse"], figures["mae"], figures["psnr"]) == (0, 0, float("inf"))
    assert figures["ssim"] == pytest.approx(1, abs=1e-4)
