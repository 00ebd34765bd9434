"""Chrominance as classes: every colour has its place, means are colours again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from cae_core.models.ab_bins import STEP, VIVIDNESS, ab_bin_centres, annealed_mean, corner_classes


@settings(deadline=None)
@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_every_srgb_colour_is_the_mean_of_its_classes(rgb):
    plane = rgb2lab(np.array([[rgb]]))[0, 0, 1:].astype(np.float32)
    classes, shares = corner_classes(plane)
    assert shares.min() >= -1e-6
    assert shares.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(shares @ ab_bin_centres()[classes], plane, atol=2e-3)


def test_classes_are_a_grid_without_doubles():
    bins = ab_bin_centres()
    assert len(np.unique(bins, axis=0)) == len(bins)
    np.testing.assert_array_equal(bins % STEP, 0)


def test_temperature_goes_from_the_most_probable_class_to_the_mean():
    logits = np.full(len(ab_bin_centres()), -50.0)
    logits[10], logits[200] = 2.0, 1.0
    share = 1 / (1 + np.exp(-1.0))
    mean = share * ab_bin_centres()[10] + (1 - share) * ab_bin_centres()[200]
    np.testing.assert_allclose(annealed_mean(logits, 1.0), VIVIDNESS * mean, atol=1e-3)
    np.testing.assert_allclose(
        annealed_mean(logits, 0.02), VIVIDNESS * ab_bin_centres()[10], atol=1e-3
    )
