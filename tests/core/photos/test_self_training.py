"""A network learns from one noisy photo to denoise it, without ever having seen the clean one."""

from __future__ import annotations

import numpy as np
import pytest

from cae_core.data.samples import sample_photograph
from cae_core.errors import ImageError, StoppedError
from cae_core.images.metrics import psnr
from cae_core.photos.self_training import SMALLEST_SIDE, train_on_photo


def noisy_and_clean(sigma=0.1):
    clean = sample_photograph("chelsea.png")[60:188, 100:228]
    noise = np.random.default_rng(0).normal(0, sigma, clean.shape).astype(np.float32)
    return clean + noise, clean


@pytest.mark.heavy
def test_a_noisy_photo_alone_is_enough_to_take_most_of_its_noise_out():
    noisy, clean = noisy_and_clean()
    reports = []
    denoised = train_on_photo(noisy, steps=50, on_progress=reports.append)
    assert psnr(denoised, clean) > psnr(np.clip(noisy, 0, 1), clean) + 3
    assert [report.done for report in reports] == [25, 50]
    # The error at hidden pixels cannot fall below the variance of the noise.
    assert 0.1**2 < reports[-1].loss < reports[0].loss
    np.testing.assert_array_equal(reports[-1].denoised(), denoised)


@pytest.mark.heavy
def test_the_same_seed_gives_the_same_result_and_any_size_comes_back():
    noisy = np.random.default_rng(1).random((SMALLEST_SIDE, 75))
    first, again, other = (train_on_photo(noisy, steps=3, seed=seed) for seed in (1, 1, 2))
    assert first.shape == noisy.shape
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_a_training_on_a_photo_can_be_stopped_and_needs_some_pixels():
    with pytest.raises(StoppedError, match="0 of 400 steps"):
        train_on_photo(np.zeros((32, 32)), should_stop=lambda: True)
    with pytest.raises(ImageError, match="at least 16 pixels"):
        train_on_photo(np.zeros((15, 400)))
