"""Toned prints: their colours are taken off and put on again."""

import numpy as np
import pytest

import cae_core as cae
from cae_core.data.samples import PHOTOGRAPHS, sample_photograph
from cae_core.images.metrics import psnr
from cae_core.photos.denoising import MOST_TONED
from cae_core.photos.toning import Tone

SIGMA = 20 / 255


def sepia(grey):
    return np.stack([grey**0.8, grey, grey**1.35], axis=2).astype(np.float32)


def grey_photo():
    return sample_photograph("coffee.png")[100:200, 150:290].mean(axis=2)


def grained():
    noise = np.random.default_rng(0).standard_normal(grey_photo().shape)
    return sepia(np.clip(grey_photo() + SIGMA * noise, 0, 1))


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_tone_that_is_taken_off_and_put_on_is_the_same(overwrite):
    photo = sepia(grey_photo())
    tone = Tone.of(photo, MOST_TONED)
    before = photo.copy()
    grey = tone.taken_off(photo, overwrite=overwrite)
    assert (grey is photo) == overwrite
    assert np.ptp(grey, axis=2).max() <= 0
    tone.put_on(grey)
    np.testing.assert_allclose(grey, before, atol=0.02)


@pytest.mark.parametrize("file", PHOTOGRAPHS)
def test_photographs_in_colour_and_in_grey_have_no_tone(file):
    photo = sample_photograph(file)
    assert Tone.of(photo, MOST_TONED) is None
    assert Tone.of(photo.mean(axis=2, keepdims=True).repeat(3, axis=2), MOST_TONED) is None
    assert Tone.of(sepia(photo.mean(axis=2)), 0.0) is None


def test_a_print_is_denoised_as_its_grey_is_and_keeps_its_tone():
    noisy, clean = grained(), sepia(grey_photo())
    given = noisy.copy()
    denoised = cae.denoise(noisy, SIGMA)
    np.testing.assert_array_equal(noisy, given)
    as_grey = cae.denoise(noisy[..., 1], SIGMA)
    assert psnr(denoised, clean) > psnr(sepia(as_grey), clean) - 0.5
    assert psnr(denoised, clean) > psnr(noisy, clean) + 7
    np.testing.assert_allclose(denoised.mean(axis=(0, 1)), clean.mean(axis=(0, 1)), atol=0.01)


def test_a_print_with_one_small_thing_in_colour_is_in_colour():
    photo = sepia(grey_photo())
    assert Tone.of(photo, MOST_TONED) is not None
    photo[60:68, 70:78] *= (1.2, 1.0, 0.4)
    assert Tone.of(photo, MOST_TONED) is None
