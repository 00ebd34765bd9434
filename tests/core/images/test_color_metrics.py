"""Figures of colour: published values, laws, and what they say of grey."""

import numpy as np
import pytest
from skimage import data
from skimage.color import lab2rgb

from cae_core.images.metrics import ab_difference, ciede2000_map, color_figures, colorfulness

# Lab pairs that sRGB has, of Sharma, Wu & Dalal (2005), table 1.
SHARMA = [
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
]


@pytest.mark.parametrize(("first", "second", "published"), SHARMA)
def test_ciede2000_has_its_published_values(first, second, published):
    images = [lab2rgb(np.array([[lab]])) for lab in (first, second)]
    assert ciede2000_map(*images)[0, 0] == pytest.approx(published, abs=2e-3)


def test_a_colour_of_one_channel_has_hasler_and_suesstruenks_value():
    # Half red, half black: std of R-G is 127.5, of (R+G)/2-B half of it; means the same.
    image = np.zeros((2, 2, 3))
    image[0, :, 0] = 1
    expected = 1.3 * np.hypot(127.5, 63.75)
    assert colorfulness(image) == pytest.approx(expected)


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
