"""L*a*b* against published values, against scikit-image, and there and back."""

import numpy as np
import pytest
from skimage.color import lab2rgb, rgb2lab

from cae_core.images.color_ops import lab_from_rgb, rgb_from_lab

# sRGB primaries in L*a*b* (D65), as published by Bruce Lindbloom's calculator, two decimals.
PUBLISHED = {
    (1.0, 1.0, 1.0): (100.0, 0.0, 0.0),
    (0.0, 0.0, 0.0): (0.0, 0.0, 0.0),
    (1.0, 0.0, 0.0): (53.24, 80.09, 67.20),
    (0.0, 1.0, 0.0): (87.74, -86.18, 83.18),
    (0.0, 0.0, 1.0): (32.30, 79.19, -107.86),
    (1.0, 1.0, 0.0): (97.14, -21.55, 94.48),
    (0.0, 1.0, 1.0): (91.11, -48.09, -14.13),
    (1.0, 0.0, 1.0): (60.32, 98.23, -60.82),
    (0.5, 0.5, 0.5): (53.39, 0.0, 0.0),
}


@pytest.mark.parametrize(("rgb", "lab"), PUBLISHED.items())
def test_primaries_have_their_published_lab_values(rgb, lab):
    np.testing.assert_allclose(lab_from_rgb(np.array(rgb, "float32")), lab, atol=0.02)


def test_random_colours_agree_with_scikit_image_both_ways():
    rgb = np.random.default_rng(0).random((50, 40, 3), dtype=np.float32)
    lab = np.asarray(lab_from_rgb(rgb))
    np.testing.assert_allclose(lab, rgb2lab(rgb), atol=0.02)
    np.testing.assert_allclose(np.asarray(rgb_from_lab(lab)), lab2rgb(lab), atol=2e-3)


def test_every_srgb_colour_survives_the_way_there_and_back():
    steps = np.linspace(0, 1, 18, dtype=np.float32)
    rgb = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    np.testing.assert_allclose(np.asarray(rgb_from_lab(lab_from_rgb(rgb))), rgb, atol=2e-4)


def test_a_colour_that_srgb_lacks_comes_out_beyond_its_range():
    vivid = np.array([50.0, 100.0, -100.0], "float32")
    assert np.asarray(rgb_from_lab(vivid)).max() > 1 or np.asarray(rgb_from_lab(vivid)).min() < 0
