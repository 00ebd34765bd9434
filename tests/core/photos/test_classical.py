"""The classical denoisers: less noise, nothing else changed, at any size."""

import numpy as np
import pytest

from cae_core.data.samples import sample_photograph
from cae_core.errors import CAEError, ImageError
from cae_core.images.metrics import psnr
from cae_core.photos.classical import CLASSICAL, denoise_classical

SIZES = [(1, 1), (1, 2), (2, 1), (1, 9), (2, 2), (3, 3), (4, 5), (7, 8), (1, 40), (33, 2)]
CHANNELS = [(), (1,), (3,)]


def scene(shape=(64, 80, 3)):
    """Shading, a disc and stripes."""
    height, width = shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    plane = 0.3 + 0.3 * x / width
    plane = np.where((x - width / 2) ** 2 + (y - height / 2) ** 2 < (height / 3) ** 2, 0.8, plane)
    plane = np.where(y < height / 4, 0.5 + 0.2 * np.sign(np.sin(0.7 * x)), plane)
    image = np.stack([plane, 0.8 * plane + 0.1, 1 - plane], axis=2).astype(np.float32)
    return image if len(shape) == 3 else image[:, :, 0]


def with_noise(clean, sigma):
    noise = np.random.default_rng(0).standard_normal(clean.shape, dtype=np.float32)
    return clean + np.float32(sigma) * noise


# How good they are


@pytest.mark.parametrize("method", CLASSICAL)
@pytest.mark.parametrize("shape", [(64, 80, 3), (64, 80)], ids=["colour", "grey"])
@pytest.mark.parametrize("sigma", [5 / 255, 15 / 255, 25 / 255, 50 / 255, 100 / 255])
def test_the_result_is_better_than_the_noisy_image(method, shape, sigma):
    clean = scene(shape)
    noisy = with_noise(clean, sigma)
    gain = psnr(denoise_classical(noisy, sigma, method), clean) - psnr(np.clip(noisy, 0, 1), clean)
    assert gain > (1 if sigma < 0.03 else 3)


@pytest.mark.parametrize(("method", "gain"), [("tv", 5.5), ("nlm", 6.5), ("wavelet", 6.5)])
def test_a_photograph_gains_what_its_method_is_known_for(method, gain):
    clean = sample_photograph("chelsea.png")[80:208, 120:248]
    noisy = with_noise(clean, 25 / 255)
    denoised = denoise_classical(noisy, 25 / 255, method)
    assert psnr(denoised, clean) > psnr(noisy, clean) + gain


@pytest.mark.parametrize(("method", "left"), [("tv", 0.02), ("nlm", 0.02), ("wavelet", 0.04)])
def test_nothing_but_noise_becomes_nearly_flat(method, left):
    flat = np.full((64, 64, 3), 0.5, np.float32)
    noisy = with_noise(flat, 0.1)
    assert np.abs(noisy - flat).mean() > 0.07
    assert np.abs(denoise_classical(noisy, 0.1, method) - flat).mean() < left


# What comes out


@pytest.mark.parametrize("method", CLASSICAL)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_the_result_has_the_shape_of_the_image_and_lies_in_its_range(method, channels, dtype):
    noisy = np.random.default_rng(0).integers(0, 256, (20, 17, *channels)).astype(dtype)
    noisy = noisy if dtype is np.uint8 else noisy / dtype(128) - dtype(0.5)
    result = denoise_classical(noisy, 0.1, method)
    assert result.shape == noisy.shape
    assert result.dtype == np.float32
    assert result.min() >= 0
    assert result.max() <= 1


@pytest.mark.parametrize("method", CLASSICAL)
@pytest.mark.parametrize("channels", CHANNELS)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_tiny_images_keep_their_shape_and_their_mean(method, channels, size):
    clean = np.full((*size, *channels), 0.4, np.float32)
    noisy = with_noise(clean, 0.05)
    result = denoise_classical(noisy, 0.05, method)
    assert result.shape == noisy.shape
    assert result.mean() == pytest.approx(noisy.mean(), abs=0.02)
    assert result.std() <= noisy.std() + 1e-6


@pytest.mark.parametrize("method", CLASSICAL)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_constant_image_stays_as_it_is(method, size):
    flat = np.full((*size, 3), [0.2, 0.5, 0.7], np.float32)
    np.testing.assert_allclose(denoise_classical(flat, 0.1, method), flat, atol=1e-6)


@pytest.mark.parametrize("method", CLASSICAL)
@pytest.mark.parametrize("channels", CHANNELS)
def test_sigma_zero_returns_the_image(method, channels):
    image = np.random.default_rng(0).random((9, 7, *channels), dtype=np.float32)
    np.testing.assert_array_equal(denoise_classical(image, 0, method), image)


@pytest.mark.parametrize("method", CLASSICAL)
def test_hardly_any_sigma_changes_hardly_anything(method):
    image = scene()
    np.testing.assert_allclose(denoise_classical(image, 1e-4, method), image, atol=5e-3)


@pytest.mark.parametrize("method", CLASSICAL)
def test_any_sigma_gives_finite_pixels(method):
    assert np.isfinite(denoise_classical(scene(), 10, method)).all()


@pytest.mark.parametrize("method", CLASSICAL)
def test_equal_channels_stay_equal(method):
    noisy = np.stack([with_noise(scene((32, 32)), 0.1)] * 3, axis=2)
    result = denoise_classical(noisy, 0.1, method)
    np.testing.assert_allclose(result[:, :, 0], result[:, :, 1], atol=1e-6)
    np.testing.assert_allclose(result[:, :, 0], result[:, :, 2], atol=1e-6)


@pytest.mark.parametrize("method", CLASSICAL)
def test_the_image_is_not_changed(method):
    noisy = with_noise(scene(), 0.1)
    before = noisy.copy()
    denoise_classical(noisy, 0.1, method)
    np.testing.assert_array_equal(noisy, before)


# What is refused


@pytest.mark.parametrize("method", ["bm3d", "", "TV", None, 3])
def test_an_unknown_method_is_refused_with_the_known_ones(method):
    with pytest.raises(CAEError, match=r"tv, nlm, wavelet\. Received: "):
        denoise_classical(scene(), 0.1, method)


@pytest.mark.parametrize("sigma", [-0.1, 25, float("nan"), float("inf"), "0.1", None, True])
def test_a_sigma_that_is_none_is_refused(sigma):
    with pytest.raises(CAEError, match=r"from 0 to 10.* Received: "):
        denoise_classical(scene(), sigma, "tv")


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4, 4)), np.zeros((0, 4)), np.full((4, 4), np.nan), None]
)
def test_what_is_no_image_is_refused(bad):
    with pytest.raises(ImageError, match="Received: "):
        denoise_classical(bad, 0.1, "tv")
