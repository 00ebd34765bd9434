"""choose_denoiser(), noise_of(): the network for the kind of noise in an image, and its sigma."""

import io

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

import cae_core as cae
from cae_core import zoo
from cae_core.data.samples import HIGH_ISO, PHOTOGRAPHS, noisy_photograph_paths, sample_photograph
from cae_core.images.metrics import psnr
from cae_core.photos.noise_kind import choose_denoiser, noise_of
from cae_core.training.tasks import LUMA
from tests.core.photos.test_camera_denoising import with_camera_noise


@pytest.fixture(scope="module")
def photo():
    return sample_photograph("chelsea.png")[:192, :192]


def with_white_noise(image, units):
    noise = np.random.default_rng(0).standard_normal(image.shape, dtype=np.float32)
    return image + units / 255 * noise


def as_jpeg(image, quality=80):
    buffer = io.BytesIO()
    pixels = Image.fromarray(np.round(image * 255).astype(np.uint8))
    pixels.save(buffer, "JPEG", quality=quality, subsampling=0)
    return cae.open_image(buffer.getvalue())


@pytest.mark.parametrize(
    "units", [25, *(pytest.param(units, marks=pytest.mark.heavy) for units in (5, 8, 75))]
)
def test_white_noise_goes_to_the_photo_denoiser_with_its_sigma(photo, units):
    noisy = with_white_noise(photo, units)
    choice = choose_denoiser(noisy)
    assert choice.name == zoo.PHOTO_DENOISER
    assert choice.sigma * 255 == pytest.approx(units, rel=0.15)
    assert "White noise" in choice.reason
    np.testing.assert_array_equal(cae.denoise(noisy), cae.denoise(noisy, choice.sigma))


def test_white_noise_in_grey_is_white_noise(photo):
    assert choose_denoiser(with_white_noise(photo.mean(axis=2), 15)).name == zoo.PHOTO_DENOISER


@pytest.mark.parametrize("saved", [lambda image: image, as_jpeg], ids=["pixels", "JPEG"])
def test_noise_alike_in_neighbouring_pixels_goes_to_the_camera_denoiser(photo, saved):
    noisy = saved(with_camera_noise(photo))
    choice = choose_denoiser(noisy)
    assert choice.name == zoo.CAMERA_DENOISER
    assert "Camera noise" in choice.reason
    assert psnr(cae.denoise(noisy), photo) > psnr(noisy, photo) + 1


def test_a_cameras_noise_has_one_sigma_for_whichever_network_is_taken():
    noisy, mean = map(cae.open_image, noisy_photograph_paths(next(iter(HIGH_ISO))))
    choice, sigma = noise_of(noisy)
    assert sigma == choice.sigma > 2 * cae.estimate_sigma(noisy)
    clean = cae.denoise(noisy, model=zoo.PHOTO_DENOISER)
    np.testing.assert_array_equal(clean, cae.denoise(noisy, sigma, zoo.PHOTO_DENOISER))
    assert psnr(clean, mean) > psnr(noisy, mean) + 0.5


def test_white_noise_has_the_sigma_of_the_estimate_for_it(photo):
    noisy = with_white_noise(photo, 25)
    assert noise_of(noisy) == (choose_denoiser(noisy), cae.estimate_sigma(noisy))


@pytest.mark.parametrize(
    "name", [*HIGH_ISO][:1] + [pytest.param(n, marks=pytest.mark.heavy) for n in [*HIGH_ISO][1:]]
)
def test_a_cameras_noise_in_grey_is_a_cameras_noise(name):
    noisy, mean = (
        cae.open_image(path) @ np.array(LUMA, np.float32) for path in noisy_photograph_paths(name)
    )
    assert choose_denoiser(noisy).name == zoo.CAMERA_DENOISER
    assert psnr(cae.denoise(noisy), mean) > psnr(noisy, mean) + 0.3


@pytest.mark.heavy
@pytest.mark.parametrize(
    "damage", [with_camera_noise, pytest.param(with_white_noise, marks=pytest.mark.heavy)]
)
def test_a_border_of_one_colour_changes_no_choice(photo, damage):
    noisy = damage(photo, 25) if damage is with_white_noise else damage(photo)
    bordered = np.pad(noisy, ((70, 70), (70, 70), (0, 0)), constant_values=0.5)
    assert choose_denoiser(bordered).name == choose_denoiser(noisy).name


def test_an_image_without_noise_comes_back(photo):
    clean = gaussian_filter(photo, (1, 1, 0))
    choice = choose_denoiser(clean)
    assert (choice.name, choice.sigma) == (None, 0)
    np.testing.assert_array_equal(cae.denoise(clean), clean)


@pytest.mark.parametrize(
    "file",
    [
        "coffee.png",
        *(pytest.param(f, marks=pytest.mark.heavy) for f in PHOTOGRAPHS if f != "coffee.png"),
    ],
)
def test_a_photograph_without_noise_is_left_as_it_is(file):
    photo = sample_photograph(file)
    assert psnr(cae.denoise(photo), photo) > 50


@pytest.mark.heavy
def test_a_sharpened_photograph_is_not_taken_for_a_noisy_one():
    photo = sample_photograph("coffee.png")[::2, ::2]
    sharpened = np.clip(2 * photo - gaussian_filter(photo, (1, 1, 0)), 0, 1)
    assert cae.estimate_sigma(sharpened) > 5 / 255
    assert psnr(cae.denoise(sharpened), sharpened) > 50


def gravel_below_a_sky():
    """Stones as fine as noise, of nearly one colour, saved as JPEG; no noise in it."""
    rng = np.random.default_rng(0)
    grain = gaussian_filter(rng.standard_normal((256, 256)), 0.5)
    grey = 0.5 + 0.12 * grain / grain.std()
    tint = 0.012 * gaussian_filter(rng.standard_normal((256, 256, 3)), (2, 2, 0))
    photo = np.clip(grey[..., None] * (1.0, 0.97, 0.9) + tint, 0, 1)
    photo[:100] = np.linspace(0.6, 0.8, 100)[:, None, None] * (0.8, 0.9, 1.0)
    return as_jpeg(photo, quality=90)


def test_texture_that_looks_like_noise_is_left_alone():
    photo = gravel_below_a_sky()
    assert cae.estimate_sigma(photo) > 10 / 255  # which alone would have it smoothed away
    choice = choose_denoiser(photo)
    assert (choice.name, choice.sigma) == (None, 0)
    assert "Texture" in choice.reason
    np.testing.assert_array_equal(cae.denoise(photo), photo)


def test_the_grain_of_a_toned_print_is_noise(photo):
    grain = np.random.default_rng(0).standard_normal(photo.shape[:2])
    grey = np.clip(photo.mean(axis=2) + 20 / 255 * grain, 0, 1)
    sepia = np.stack([grey**0.8, grey, grey**1.35], axis=2).astype(np.float32)
    assert choose_denoiser(sepia).name == zoo.PHOTO_DENOISER


def test_white_noise_that_nobody_sees_is_left_alone(photo):
    soft = gaussian_filter(photo, (1, 1, 0))
    assert choose_denoiser(with_white_noise(soft, 1.5)).name is None
    assert choose_denoiser(with_white_noise(soft, 4)).name == zoo.PHOTO_DENOISER


@pytest.mark.heavy
def test_a_named_network_is_taken_whatever_the_noise(photo):
    noisy = with_white_noise(photo, 25)
    sigma = cae.estimate_sigma(noisy)
    chosen = cae.denoise(noisy, model=zoo.PHOTO_DENOISER)
    np.testing.assert_array_equal(chosen, cae.denoise(noisy, sigma))
    assert np.abs(cae.denoise(noisy, model=zoo.CAMERA_DENOISER) - chosen).max() > 0.01


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 300, 3), (300, 1, 3), (2, 2, 3), (7, 5, 3)])
def test_an_image_too_small_for_an_estimate_is_one_sentence(shape):
    with pytest.raises(cae.ImageError, match=r"Received: .*"):
        choose_denoiser(np.full(shape, 0.5, np.float32))
