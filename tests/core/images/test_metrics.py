"""How far images are apart: error figures beside scikit-image, figures of colour."""

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from cae_core.images.metrics import ab_difference, color_figures, colorfulness, psnr, ssim, ssim_of


@pytest.fixture
def pairs():
    """Noisy and clean images, (4, 32, 24, 3) each."""
    random = np.random.default_rng(0)
    clean = random.random((4, 32, 24, 3), dtype=np.float32)
    noisy = np.clip(clean + random.normal(0, 0.1, clean.shape), 0, 1).astype(np.float32)
    return noisy, clean


def test_psnr_is_that_of_scikit_image_and_infinite_without_an_error(pairs):
    for noisy, clean in zip(*pairs, strict=True):
        expected = peak_signal_noise_ratio(clean.astype(float), noisy.astype(float), data_range=1)
        assert psnr(noisy, clean) == pytest.approx(expected, abs=1e-9)
        assert psnr(clean, clean) == float("inf")


def test_ssim_in_a_graph_is_that_of_scikit_image(pairs):
    expected = [ssim_of(noisy, clean) for noisy, clean in zip(*pairs, strict=True)]
    np.testing.assert_allclose(ssim(*pairs), expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 5, 9, 1), (1, 10, 12, 2), (1, 3, 3, 3)])
def test_ssim_of_an_image_smaller_than_its_window_is_a_number(shape):
    image = np.random.default_rng(1).random(shape, dtype=np.float32)
    np.testing.assert_allclose(ssim(image, image), 1.0, atol=1e-5)
    assert ssim_of(image[0], image[0]) == pytest.approx(1, abs=1e-5)


def test_a_colour_of_one_channel_has_hasler_and_suesstrunks_value():
    # Half red, half black: std of R-G is 127.5, of (R+G)/2-B half of it; means the same.
    image = np.zeros((2, 2, 3))
    image[0, :, 0] = 1
    assert colorfulness(image) == pytest.approx(1.3 * np.hypot(127.5, 63.75))


def test_a_colour_and_its_grey_are_told_apart():
    coffee = data.coffee()[:64, :64] / 255
    grey = np.repeat(coffee.mean(axis=2, keepdims=True), 3, axis=2)
    same, without = color_figures([(coffee, coffee)]), color_figures([(grey, coffee)])
    assert same == {
        "psnr": 100.0,
        "ssim": 1.0,
        "ab_rmse": 0.0,
        "ciede2000": 0.0,
        "colorfulness": 1.0,
        "images": 1,
    }
    assert without["colorfulness"] == 0
    assert without["ciede2000"] > 5
    assert without["ab_rmse"] == pytest.approx(ab_difference(grey, coffee) ** 0.5, abs=0.01)
