"""Lightness kept exactly, chroma reduced along hue: against scikit-image and published values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data
from skimage.color import lab2rgb, rgb2lab

from cae_core.images.color import lightness_of, rgb_within_gamut

# sRGB's corners, CIE Lab D65, as published by Bruce Lindbloom's calculator.
PUBLISHED = [
    ((1, 0, 0), (53.2408, 80.0925, 67.2032)),
    ((0, 1, 0), (87.7347, -86.1827, 83.1793)),
    ((0, 0, 1), (32.2970, 79.1875, -107.8602)),
    ((1, 1, 1), (100.0, 0.0, 0.0)),
    ((0, 0, 0), (0.0, 0.0, 0.0)),
]


@pytest.mark.parametrize(("rgb", "lab"), PUBLISHED)
def test_published_colours_are_met_both_ways(rgb, lab):
    image = np.array([[rgb]], np.float32)
    assert lightness_of(image)[0, 0] == pytest.approx(lab[0], abs=0.01)
    back, was_reduced = rgb_within_gamut(
        np.array([[lab[0]]], np.float32), np.array([[lab[1:]]], np.float32) * 0.999
    )
    np.testing.assert_allclose(back[0, 0], rgb, atol=0.01)
    assert not was_reduced.any()


def test_a_photograph_comes_back_from_its_lightness_and_chrominance():
    photo = (data.astronaut()[:200, :301] / 255).astype(np.float32)
    lab = rgb2lab(photo)
    lightness = lightness_of(photo)
    np.testing.assert_allclose(lightness, lab[..., 0], atol=2e-3)
    back, _ = rgb_within_gamut(lightness, lab[..., 1:].astype(np.float32))
    np.testing.assert_allclose(back, photo, atol=2e-3)


@given(st.floats(0, 100), st.floats(-128, 127), st.floats(-128, 127))
def test_lightness_and_hue_stay_whatever_chroma_is_asked_for(lightness, a, b):
    known = np.array([[lightness]], np.float32)
    ab = np.array([[[a, b]]], np.float32)
    rgb, was_reduced = rgb_within_gamut(known, ab)
    assert rgb.dtype == np.float32
    assert 0 <= rgb.min() <= rgb.max() <= 1
    got = rgb2lab(rgb.astype(np.float64))[0, 0]
    # Near black and white the tolerance of a channel is a tenth of a step of L*.
    assert got[0] == pytest.approx(lightness, abs=0.15)
    asked = float(np.hypot(a, b))
    reached = float(np.hypot(*got[1:]))
    assert reached <= asked + 0.5
    if reached > 2:
        turned = np.angle((a + 1j * b) / (got[1] + 1j * got[2]))
        assert abs(turned) * reached < 0.6
    if not was_reduced[0, 0]:
        assert reached == pytest.approx(asked, abs=0.5)


def test_a_colour_that_srgb_has_is_left_alone_and_another_is_as_colourful_as_can_be():
    lightness = np.array([[60, 60]], np.float32)
    ab = np.array([[[20, 10], [120, 60]]], np.float32)
    rgb, was_reduced = rgb_within_gamut(lightness, ab)
    assert was_reduced.tolist() == [[False, True]]
    np.testing.assert_allclose(rgb[0, 0], lab2rgb([60.0, 20.0, 10.0]), atol=1e-3)
    # On sRGB's surface: some channel is at its end.
    assert min(rgb[0, 1].min(), 1 - rgb[0, 1].max()) == pytest.approx(0, abs=2e-3)


def test_large_images_are_worked_on_in_rows_without_a_seam():
    random = np.random.default_rng(0)
    lightness = random.uniform(0, 100, (300, 500)).astype(np.float32)
    ab = random.uniform(-60, 60, (300, 500, 2)).astype(np.float32)
    whole, mask = rgb_within_gamut(lightness, ab)
    part, part_mask = rgb_within_gamut(lightness[255:270, :40], ab[255:270, :40])
    np.testing.assert_array_equal(whole[255:270, :40], part)
    np.testing.assert_array_equal(mask[255:270, :40], part_mask)
