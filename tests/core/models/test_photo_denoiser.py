"""The photo denoiser's network: what holds whatever its weights are."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from cae_core.models.photo_denoiser import build_photo_denoiser
from cae_core.photos.denoising import DENOISER_HALO, DENOISER_STRIDE


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    model = build_photo_denoiser()
    rng = np.random.default_rng(0)
    # Larger than at the start, where the output hardly differs from the input.
    model.set_weights([rng.normal(0, 0.08, w.shape) for w in model.get_weights()])
    return model


def image(height, width, seed=0):
    return np.random.default_rng(seed).random((1, height, width, 3), dtype=np.float32)


def level(shape, sigma):
    return np.full((*shape[:3], 1), sigma, np.float32)


def test_it_has_at_most_six_hundred_thousand_parameters(network):
    assert network.count_params() <= 600_000


def test_at_sigma_0_the_image_comes_back_exactly(network):
    clean = image(16, 24)
    output = network.predict_on_batch([clean, level(clean.shape, 0.0)])
    np.testing.assert_array_equal(output, clean)


def test_image_and_sigma_scaled_together_scale_the_estimated_noise(network):
    """No layer has a bias; only the gate near sigma 0 is no scaling, and is divided out."""
    noisy, sigma, scale = image(16, 16), 0.2, 1.7

    def estimate(factor):
        output = network.predict_on_batch([noisy * factor, level(noisy.shape, sigma * factor)])
        gate = sigma * factor / (sigma * factor + 1 / 255)
        return (noisy * factor - output) / gate

    expected = estimate(1.0) * scale
    # What is left of a sum of large numbers is as exact as they are.
    np.testing.assert_allclose(estimate(scale), expected, atol=1e-4 * np.abs(expected).max())


def test_sigma_may_differ_from_place_to_place(network):
    noisy = image(128, 128)
    sigma = level(noisy.shape, 0.0)
    sigma[:, :, 64:] = 0.3
    output = network.predict_on_batch([noisy, sigma])
    np.testing.assert_array_equal(output[:, :, :64], noisy[:, :, :64])
    assert np.abs(output[:, :, 64:] - noisy[:, :, 64:]).mean() > 0.01


def test_it_looks_no_further_than_the_halo_and_nearly_that_far(network):
    side = 256
    noisy = image(side, side)
    sigma = level(noisy.shape, 0.3)
    before = network.predict_on_batch([noisy, sigma])
    reach = 0
    for offset in range(DENOISER_STRIDE):  # the place within a stride matters
        changed = noisy.copy()
        middle = side // 2 + offset
        changed[:, middle, middle] += 5.0
        difference = np.abs(network.predict_on_batch([changed, sigma]) - before).max(axis=(0, 3))
        touched = np.argwhere(difference > 0)
        reach = max(reach, *np.abs(touched - middle).max(axis=0))
    assert reach <= DENOISER_HALO
    assert reach > DENOISER_HALO - DENOISER_STRIDE


def test_sides_are_multiples_of_the_stride_and_of_nothing_more(network):
    sides = 3 * DENOISER_STRIDE, 5 * DENOISER_STRIDE
    noisy = image(*sides)
    assert network.predict_on_batch([noisy, level(noisy.shape, 0.1)]).shape == (1, *sides, 3)
    odd = image(sides[0] + DENOISER_STRIDE // 2, sides[1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
        network.predict_on_batch([odd, level(odd.shape, 0.1)])
