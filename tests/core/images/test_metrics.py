"""The error figures beside their formulas and beside scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from cae_core.images.metrics import psnr, psnr_from_mse


@pytest.mark.parametrize(("mse", "decibels"), [(1.0, 0.0), (0.1, 10.0), (0.01, 20.0), (1e-6, 60.0)])
def test_ten_times_less_error_is_ten_decibels_more(mse, decibels):
    assert float(psnr_from_mse(mse)) == pytest.approx(decibels)


def test_no_error_is_infinitely_many_decibels_and_no_warning():
    assert float(psnr_from_mse(0.0)) == float("inf")
    assert psnr(np.ones((2, 2, 3)), np.ones((2, 2, 3))) == float("inf")


def test_an_array_of_errors_keeps_its_shape():
    mses = np.array([[0.1, 0.01], [0.001, 1.0]])
    np.testing.assert_allclose(psnr_from_mse(mses), [[10.0, 20.0], [30.0, 0.0]], atol=1e-12)


@pytest.mark.parametrize("channels", [1, 3])
def test_psnr_is_that_of_scikit_image(channels):
    rng = np.random.default_rng(channels)
    image, reference = rng.random((2, 9, 7, channels), dtype=np.float32)
    expected = peak_signal_noise_ratio(
        reference.astype(np.float64), image.astype(np.float64), data_range=1
    )
    assert psnr(image, reference) == pytest.approx(expected, abs=1e-9)


def test_psnr_does_not_depend_on_which_image_is_the_reference():
    rng = np.random.default_rng(0)
    image, reference = rng.random((2, 5, 5, 3))
    assert psnr(image, reference) == psnr(reference, image)
