"""L*a*b* in a graph: against scikit-image, and there and back."""

import numpy as np
from skimage.color import lab2rgb, rgb2lab

from cae_core.images.color_ops import lab_from_rgb, rgb_from_lab


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
    vivid = np.asarray(rgb_from_lab(np.array([50.0, 100.0, -100.0], "float32")))
    assert vivid.max() > 1 or vivid.min() < 0
