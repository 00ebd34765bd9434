"""Colours that a person knows, spread around where they were put."""

import numpy as np
import pytest

from cae_core.models.ab_bins import ab_bin_centres
from cae_core.photos.colorizing import AbGuess, merged
from cae_core.photos.hints import ColorHint, likely_colors, with_hints

RED = ColorHint(0.5, 0.25, 60.0, 40.0)
BLUE = ColorHint(0.5, 0.75, 10.0, -50.0)


@pytest.fixture
def halves():
    """Lightness of two plain halves with some noise, larger than what hints spread on."""
    lightness = np.full((240, 400), 40.0, np.float32)
    lightness[:, 200:] = 60.0
    return lightness + np.random.default_rng(0).normal(0, 0.5, lightness.shape).astype(np.float32)


def test_a_hint_colours_what_is_around_it_and_nothing_beyond_an_edge(halves):
    ab = with_hints(np.zeros((48, 80, 2), np.float32), halves, [RED])
    rgb, _ = merged(halves, ab)
    grey, _ = merged(halves, np.zeros_like(ab))
    difference = np.abs(rgb - grey).max(axis=2)
    assert difference[:, 20:185].min() > 0.1
    assert difference[:, 215:].max() < 0.02


def test_of_two_hints_in_one_area_the_nearer_one_counts():
    plain = np.full((200, 300), 50.0, np.float32)
    ab = with_hints(np.zeros((50, 75, 2), np.float32), plain, [RED, BLUE])
    height, width = ab.shape[:2]
    for hint in (RED, BLUE):
        at_hint = ab[int(hint.down * height), int(hint.across * width)]
        np.testing.assert_allclose(at_hint, (hint.a, hint.b), atol=6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1)])
def test_the_smallest_images_take_hints(shape):
    ab = with_hints(np.zeros((*shape, 2), np.float32), np.full(shape, 50, np.float32), [RED])
    np.testing.assert_allclose(ab[0, 0], (60, 40), atol=1)


def test_without_hints_the_guess_stays(halves):
    guess = np.ones((48, 80, 2), np.float32)
    assert with_hints(guess, halves, []) is guess


def test_likely_colors_are_apart_and_their_probabilities_are_the_networks():
    centres = ab_bin_centres()
    logits = np.full((2, 3, len(centres)), -20.0, np.float32)
    near = np.flatnonzero((centres == (24, 12)).all(axis=1))[0]
    beside = np.flatnonzero((centres == (24, 24)).all(axis=1))[0]
    far = np.flatnonzero((centres == (-24, -36)).all(axis=1))[0]
    logits[1, 2, [near, beside, far]] = np.log([0.5, 0.2, 0.3])
    found = likely_colors(AbGuess(np.zeros((4, 6), np.float32), logits), 0.9, 0.9, 5)
    assert [round(share, 2) for _, share in found] == [0.7, 0.3]
    np.testing.assert_allclose(found[1][0], (-24, -36), atol=0.1)


def test_uncertainty_is_none_where_one_colour_is_certain_and_all_where_none_is():
    logits = np.zeros((1, 2, len(ab_bin_centres())), np.float32)
    logits[0, 0, 3] = 200.0
    found = AbGuess(np.zeros((2, 4), np.float32), logits).uncertainty()
    np.testing.assert_allclose(found, [[0.0, 1.0]], atol=1e-5)
