"""denoise(): any image, any level, at its own size."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.data.samples import sample_photograph
from cae_core.errors import CAEError, ImageError, StoppedError
from cae_core.images.metrics import psnr
from cae_core.photos import denoising as restore


@pytest.fixture(scope="module")
def photo():
    return sample_photograph("chelsea.png")[:240, :320]


def with_noise(image, sigma, seed=0):
    noise = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32)
    return image + sigma * noise


@pytest.mark.parametrize("units", [5, 15, 25, 50, 100])
def test_noise_goes_and_the_image_stays(photo, units):
    noisy = with_noise(photo, units / 255)
    clean = cae.denoise(noisy, units / 255)
    gain = {5: 4, 15: 7, 25: 8, 50: 10, 100: 12}[units]  # dB, on this smooth photo
    assert psnr(clean, photo) > psnr(noisy, photo) + gain


def test_without_noise_the_image_comes_back(photo):
    assert psnr(cae.denoise(photo, 0.0), photo) > 45


def test_a_grey_image_stays_grey_and_gets_clean(photo):
    grey = photo.mean(axis=2)
    noisy = with_noise(grey, 0.1)
    clean = cae.denoise(noisy, 0.1)
    assert clean.shape == grey.shape
    assert psnr(clean[..., None], grey[..., None]) > psnr(noisy[..., None], grey[..., None]) + 7


def test_a_clipped_image_gets_clean_as_well(photo):
    noisy = np.clip(with_noise(photo, 0.3), 0, 1)
    assert psnr(cae.denoise(noisy, 0.3), photo) > psnr(noisy, photo) + 7


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 1, 3), (1, 37, 3), (37, 1, 1), (2, 3, 3), (5, 4), (33, 47, 3)]
)
@pytest.mark.parametrize("kind", ["uint8", "float"])
def test_height_width_and_channels_are_those_of_the_image(shape, kind):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, shape, np.uint8) if kind == "uint8" else rng.random(shape)
    clean = cae.denoise(image, 0.1)
    assert clean.shape == shape
    assert clean.dtype == np.float32
    assert 0 <= clean.min() <= clean.max() <= 1


@pytest.mark.parametrize("size", [(131, 173), (200, 129), (257, 96)])
def test_in_tiles_comes_out_what_comes_out_in_one_piece(monkeypatch, size):
    noisy = with_noise(np.full((*size, 3), 0.5, np.float32), 0.3)
    whole = cae.denoise(noisy, 0.3, precision="float32")
    monkeypatch.setattr(restore, "DENOISER_TILE", 32)
    done = []
    tiled = cae.denoise(
        noisy, 0.3, precision="float32", on_progress=lambda *parts: done.append(parts)
    )
    assert done[-1][0] == done[-1][1] > 1
    np.testing.assert_allclose(tiled, whole, atol=1e-4)


def test_sigma_may_be_a_map(photo):
    noisy = with_noise(photo, 0.1)
    sigma = np.zeros(photo.shape[:2])
    sigma[:, 160:] = 0.1
    clean = cae.denoise(noisy, sigma)
    np.testing.assert_array_equal(clean[:, :100], np.clip(noisy, 0, 1)[:, :100])
    assert psnr(clean[:, 200:], photo[:, 200:]) > psnr(noisy[:, 200:], photo[:, 200:]) + 6


@pytest.mark.heavy
def test_bfloat16_costs_less_than_a_fiftieth_of_a_decibel(photo):
    for sigma in (15 / 255, 50 / 255):
        noisy = with_noise(photo, sigma)
        exact, fast = (
            psnr(cae.denoise(noisy, sigma, precision=kind), photo)
            for kind in ("float32", "mixed_bfloat16")
        )
        assert abs(exact - fast) < 0.02


def test_bfloat16_is_used_where_the_processor_has_it_and_the_noise_hides_it(monkeypatch):
    monkeypatch.setattr(restore, "has_fast_bfloat16", lambda: True)
    assert restore.preferred_precision(25 / 255) == "mixed_bfloat16"
    assert restore.preferred_precision(5 / 255) == "float32"
    monkeypatch.setattr(restore, "has_fast_bfloat16", lambda: False)
    assert restore.preferred_precision(25 / 255) == "float32"


@pytest.mark.parametrize(
    "sigma", [-0.1, 1.5, 25, float("nan"), float("inf"), "0.1", [0.1, 0.2], 1j]
)
def test_a_sigma_that_cannot_be_is_refused_with_rule_received_and_remedy(sigma):
    with pytest.raises(ImageError, match=r"Sigma is .* Received: .*\. \w+ "):
        cae.denoise(np.zeros((8, 8, 3)), sigma)


@pytest.mark.parametrize(
    "image",
    [
        np.full((8, 8, 3), np.nan),
        np.zeros((8, 8, 4)),
        np.zeros((8, 8, 3), complex),
        np.zeros((0, 8, 3)),
        np.zeros(8),
        np.zeros((8, 8, 3), object),
        np.zeros((2, 8, 8, 3)),
    ],
)
def test_an_array_that_is_no_image_is_refused_in_one_sentence(image):
    with pytest.raises(ImageError, match="Received: "):
        cae.denoise(image, 0.1)


def test_work_stops_when_nobody_waits_for_it():
    with pytest.raises(StoppedError):
        cae.denoise(np.zeros((8, 8, 3)), 0.1, should_stop=lambda: True)


def test_an_unknown_network_is_refused_with_the_known_ones():
    with pytest.raises(CAEError, match=r"photo-denoiser.*Received: 'sharpener'"):
        cae.denoise(np.zeros((8, 8, 3)), 0.1, "sharpener")


@pytest.mark.heavy
def test_a_run_of_ones_own_denoises_too():
    data = cae.load_dataset("photo_patches", limit=256)
    arch = cae.Architecture.parse("conv4 pool | up conv3:sigmoid")
    run = cae.train(arch, data, task=cae.Denoise(0.1), config=cae.TrainConfig(epochs=1))
    clean = cae.denoise(np.full((33, 47, 3), 0.5), 0.1, run)
    assert clean.shape == (33, 47, 3)


def test_several_threads_get_each_their_own_image():
    images = [with_noise(np.full((40, 40, 3), 0.1 * step), 0.1, step) for step in range(1, 9)]
    alone = [cae.denoise(image, 0.1) for image in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda image: cae.denoise(image, 0.1), images))
    for expected, got in zip(alone, together, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-5)


@pytest.mark.parametrize("model", [zoo.PHOTO_DENOISER, zoo.CAMERA_DENOISER])
def test_the_output_takes_the_memory_of_the_image_only_where_it_may(model):
    noisy = with_noise(np.full((40, 50, 3), 0.5, np.float32), 0.1)
    kept = noisy.copy()
    cae.denoise(noisy, 0.1, model)
    np.testing.assert_array_equal(noisy, kept)
    assert cae.denoise(noisy, 0.1, model, overwrite=True) is noisy
