"""denoise_camera(): blind, with strengths for luma and colours."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cae_core.data.samples import sample_photograph
from cae_core.errors import ImageError
from cae_core.images.metrics import psnr
from cae_core.photos import camera_denoising
from cae_core.photos.camera_denoising import denoise_camera, noise_levels
from cae_core.training.tasks import LUMA


@pytest.fixture(scope="module")
def photo():
    return sample_photograph("chelsea.png")[:160, :160]


def with_camera_noise(image, seed=0):
    """Noise that grows with the light and is alike in neighbouring pixels."""
    white = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32)
    noise = gaussian_filter(white, (0.8, 0.8, 0)) * np.sqrt(0.01 * image + 1e-4)
    return np.clip(image + noise, 0, 1)


def luma(image):
    return image @ np.array(LUMA, np.float32)


def test_a_cameras_noise_goes(photo):
    noisy = with_camera_noise(photo)
    assert psnr(denoise_camera(noisy), photo) > psnr(noisy, photo) + 3


def test_an_image_without_noise_is_unharmed(photo):
    clean = gaussian_filter(photo, (1, 1, 0))
    assert psnr(denoise_camera(clean), clean) > 45


def test_strength_0_returns_the_image_and_luma_strength_0_its_luma(photo):
    noisy = with_camera_noise(photo)
    np.testing.assert_array_equal(denoise_camera(noisy, 0, 0), noisy)
    colors_only = denoise_camera(noisy * 0.8 + 0.1, 0, 1)  # far from clipping
    np.testing.assert_allclose(luma(colors_only), luma(noisy * 0.8 + 0.1), atol=1e-4)
    assert np.abs(colors_only - (noisy * 0.8 + 0.1)).max() > 0.01


@pytest.mark.parametrize(
    "strengths",
    [
        (0, 1),
        (1, 0.5),
        *(
            pytest.param(pair, marks=pytest.mark.heavy)
            for pair in ((0.5, 1), (2, 1), (1, 0), (1, 2))
        ),
    ],
)
def test_each_strength_works_on_its_own_kind_of_noise_alone(photo, strengths):
    noisy = with_camera_noise(photo * 0.6 + 0.2)  # far from clipping
    usual, moved = denoise_camera(noisy), denoise_camera(noisy, *strengths)
    of_luma = np.abs(luma(moved) - luma(usual))
    of_color = np.abs(
        (moved - luma(moved)[..., np.newaxis]) - (usual - luma(usual)[..., np.newaxis])
    )
    changed, kept = (of_color, of_luma) if strengths[0] == 1 else (of_luma, of_color)
    assert changed.max() > 1e-3
    assert kept.max() < 1e-4


def test_a_larger_strength_takes_out_more(photo):
    noisy = with_camera_noise(photo)
    removed = [np.abs(denoise_camera(noisy, s, s) - noisy).mean() for s in (0.5, 1, 2)]
    assert removed == sorted(removed)


@pytest.mark.parametrize("shape", [(1, 1), (5, 7, 1), (33, 47, 3)])
def test_height_width_and_channels_are_those_of_the_image(shape):
    clean = denoise_camera(np.random.default_rng(0).random(shape))
    assert (clean.shape, clean.dtype) == (shape, np.float32)


def test_in_tiles_comes_out_what_comes_out_in_one_piece(monkeypatch, photo):
    noisy = with_camera_noise(photo)[:150, :131]
    whole = denoise_camera(noisy)
    monkeypatch.setattr(camera_denoising, "CAMERA_TILE", 32)
    np.testing.assert_allclose(denoise_camera(noisy), whole, atol=1e-4)


def test_levels_of_white_noise_are_those_of_its_luma_and_colours():
    noise = 0.05 * np.random.default_rng(0).standard_normal((128, 128, 3), dtype=np.float32)
    levels = noise_levels(0.5 + noise).mean((0, 1)) / 0.05
    np.testing.assert_allclose(levels, [0.669, 0.883], rtol=0.15)


@pytest.mark.parametrize("strength", [-0.1, 2.5, float("nan")])
def test_a_strength_that_cannot_be_is_refused(photo, strength):
    with pytest.raises(ImageError, match=r"from 0 to 2\. Received: .*\. Choose"):
        denoise_camera(photo, color=strength)
