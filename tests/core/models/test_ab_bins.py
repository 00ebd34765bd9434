"""Colours as bins: every colour has its place, means are colours again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from cae_core.models.ab_bins import BIN_SIZE, VIVIDNESS, ab_bin_centres, annealed_mean, soft_bins


@settings(deadline=None)
@given(st.tuples(*[st.floats(0, 1)] * 3))
def test_every_srgb_colour_is_the_weighted_mean_of_its_bins(rgb):
    ab = rgb2lab(np.array([[rgb]]))[0, 0, 1:].astype(np.float32)
    bins, weights = soft_bins(ab)
    assert weights.min() >= -1e-6
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(weights @ ab_bin_centres()[bins], ab, atol=2e-3)


def test_bins_are_a_grid_without_doubles():
    centres = ab_bin_centres()
    assert len(np.unique(centres, axis=0)) == len(centres)
    np.testing.assert_array_equal(centres % BIN_SIZE, 0)


def test_temperature_goes_from_the_most_probable_bin_to_the_mean():
    centres = VIVIDNESS * ab_bin_centres()
    logits = np.full(len(centres), -50.0)
    logits[10], logits[200] = 2.0, 1.0
    share = 1 / (1 + np.exp(-1.0))
    mean = share * centres[10] + (1 - share) * centres[200]
    np.testing.assert_allclose(annealed_mean(logits, 1.0), mean, atol=1e-3)
    np.testing.assert_allclose(annealed_mean(logits, 0.02), centres[10], atol=1e-3)
