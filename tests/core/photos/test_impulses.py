"""Salt and pepper is removed by medians."""

import numpy as np
import pytest

from cae_core.data.samples import sample_photograph
from cae_core.images.metrics import psnr
from cae_core.photos import impulses
from cae_core.photos.impulses import median_filter, remove_salt_and_pepper


@pytest.fixture(scope="module")
def photo():
    return np.clip(sample_photograph("chelsea.png")[:120, :160], 0.02, 0.98)


def with_salt_and_pepper(image, share):
    drawn = np.random.default_rng(0).random(image.shape[:2])
    hit = image.copy()
    hit[drawn < share] = 0
    hit[drawn < share / 2] = 1
    return hit, drawn < share


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_only_hit_pixels_change_and_they_come_near_the_original(photo, share, monkeypatch):
    monkeypatch.setattr(impulses, "HITS_AT_ONCE", 500)
    hit, is_hit = with_salt_and_pepper(photo, share)
    result = remove_salt_and_pepper(hit)
    np.testing.assert_array_equal(result[~is_hit], photo[~is_hit])
    assert psnr(result, photo) > psnr(hit, photo) + 15
    assert np.isfinite(result).all()


def test_intact_neighbours_beat_the_plain_median(photo):
    hit, _ = with_salt_and_pepper(photo, 0.1)
    plain = psnr(median_filter(hit), photo)
    assert psnr(hit, photo) + 8 < plain < psnr(remove_salt_and_pepper(hit), photo) - 3


def test_a_black_area_stays_and_the_image_is_only_written_to_where_it_may_be():
    black = np.zeros((30, 30, 3), np.float32)
    np.testing.assert_array_equal(remove_salt_and_pepper(black), black)
    hit = np.full((9, 9, 3), 0.5, np.float32)
    hit[4, 4] = 1
    assert remove_salt_and_pepper(hit)[4, 4, 0] == 0.5 and hit[4, 4, 0] == 1
    assert remove_salt_and_pepper(hit, overwrite=True) is hit and hit[4, 4, 0] == 0.5


@pytest.mark.parametrize("shape", [(1, 1), (5, 7, 1), (9, 8, 3)])
def test_height_width_and_channels_are_those_of_the_image(shape):
    image = np.random.default_rng(0).random(shape)
    for method in (median_filter, remove_salt_and_pepper):
        assert (method(image).shape, method(image).dtype) == (shape, np.float32)
