"""The mean of many shots beside one: what no denoiser can know is taken out of the comparison."""

import numpy as np
from scipy.ndimage import shift

from cae_core.data.samples import sample_photograph
from cae_core.images.metrics import psnr
from cae_core.images.operations import middle
from cae_core.recipes.alignment import aligned, without_drift

PHOTO = middle(sample_photograph("chelsea.png"), 128, 128)


def test_a_mean_taken_elsewhere_in_other_light_is_moved_onto_the_shot():
    noise = np.random.default_rng(0).normal(0, 0.02, PHOTO.shape).astype(np.float32)
    light = np.linspace(0.0, 0.04, 128, dtype=np.float32)[:, None, None]
    shot = shift(PHOTO, (0.3, -0.2, 0), order=3, mode="nearest") + light + noise
    found = aligned(shot, PHOTO)
    there = shot - noise
    inside = (slice(8, -8), slice(8, -8))
    before, after = psnr(PHOTO[inside], there[inside]), psnr(found[inside], there[inside])
    assert after > before + 6


def test_a_shot_keeps_its_noise_and_gives_its_brightness():
    noise = np.random.default_rng(1).normal(0, 0.1, PHOTO.shape).astype(np.float32)
    added = without_drift(PHOTO + noise, PHOTO) - PHOTO
    assert np.std(added) < 0.1 * np.std(noise)
    lighter = without_drift(PHOTO + np.float32(0.05), PHOTO)
    np.testing.assert_allclose(lighter - PHOTO, 0.05, atol=1e-3)
