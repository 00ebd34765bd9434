"""Damages besides Gaussian noise: as much as their settings say, and back in the image's range."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cae_core.cli import main
from cae_core.data.samples import sample_photograph
from cae_core.errors import TrainingError
from cae_core.training.tasks import (
    TASKS,
    Inpaint,
    RemoveJpeg,
    SaltAndPepper,
    ShotNoise,
    Upscale,
    settings_of,
    task_from_dict,
    task_to_dict,
)
from tests.core.training.test_tasks import damaged

SETTABLE = [kind for kind in TASKS.values() if settings_of(kind)]


def grey(value, count=16, side=32):
    return np.full((count, side, side, 3), value, np.uint8)


def test_salt_and_pepper_hit_the_share_asked_for_in_all_channels_at_once():
    hit = damaged(SaltAndPepper(0.2), grey(128))
    salt, pepper = np.all(hit == 1, axis=-1), np.all(hit == 0, axis=-1)
    # 16,384 pixels: five standard errors.
    assert salt.mean() == pytest.approx(0.1, abs=0.012)
    assert pepper.mean() == pytest.approx(0.1, abs=0.012)
    np.testing.assert_allclose(hit[~salt & ~pepper], 128 / 255, atol=1e-6)


@pytest.mark.parametrize("value", [32, 224])
def test_shot_noise_has_the_variance_of_a_poisson_distribution(value):
    counts = 50 * damaged(ShotNoise(50.0), grey(value))
    mean = 50 * value / 255
    assert counts.mean() == pytest.approx(mean, rel=0.01)
    assert counts.var() == pytest.approx(mean, rel=0.04)
    np.testing.assert_array_equal(damaged(ShotNoise(50.0), grey(0)), 0)


@pytest.mark.parametrize("quality", [5, 30, 90])
def test_jpeg_damages_an_image_as_pillow_does(quality):
    photo = np.uint8(255 * sample_photograph("chelsea.png")[40:168, 60:188])
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=quality, subsampling=0)
    pillow = np.asarray(Image.open(file), np.float32) / 255
    ours = damaged(RemoveJpeg(float(quality)), photo[None])[0]
    apart = np.sqrt(np.mean((ours - pillow) ** 2))
    assert apart < 0.25 * np.sqrt(np.mean((pillow - photo / 255) ** 2)) + 0.003


def test_jpeg_takes_any_size_and_grey_images():
    images = np.random.default_rng(0).integers(0, 256, (2, 13, 10, 1), np.uint8)
    assert damaged(RemoveJpeg(10.0), images).shape == (2, 13, 10, 1)


def test_what_is_hidden_are_whole_squares_and_the_rest_stays():
    images = np.random.default_rng(0).integers(1, 100, (32, 30, 30, 3), np.uint8)
    inputs = damaged(Inpaint(0.4), images)
    hidden = np.all(inputs == 0.5, axis=-1)
    np.testing.assert_allclose(inputs[~hidden], images[~hidden] / 255, atol=1e-6)
    squares = hidden[:, :28, :28].reshape(32, 7, 4, 7, 4)
    assert np.all(squares.all(axis=(2, 4)) == squares.any(axis=(2, 4)))
    assert squares.mean() == pytest.approx(0.4, abs=0.07)


def test_the_upscaling_task_keeps_what_half_the_size_can_show():
    flat = damaged(Upscale(), grey(77))
    np.testing.assert_allclose(flat, 77 / 255, atol=1e-5)
    stripes = grey(0, count=1)
    stripes[:, ::2] = 200
    np.testing.assert_allclose(damaged(Upscale(), stripes), 100 / 255, atol=1e-4)


@pytest.mark.parametrize("kind", SETTABLE)
def test_a_setting_is_kept_named_and_refused_outside_its_range(kind):
    ((name, allowed), *_) = settings_of(kind).items()
    task = kind(**{name: allowed.high})
    assert task_from_dict(task_to_dict(task)) == task
    assert f"{name} {allowed.high:g}" in str(task)
    for wrong in (allowed.high + 1, allowed.low - 1, float("nan")):
        with pytest.raises(TrainingError, match=f"from {allowed.low:g} to {allowed.high:g}"):
            kind(**{name: wrong})


def test_an_option_of_another_task_is_refused_before_the_data_is_loaded(capsys):
    options = ["--task", "inpaint", "--photons", "20", "--data", "photo_patches"]
    assert main(["train", "homework", *options]) == 2
    assert "--photons belongs to --task shot_noise" in capsys.readouterr().err
