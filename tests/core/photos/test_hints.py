"""Colours that a person knows, spread around where they were put."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from cae_core.models.ab_bins import ab_bin_centres
from cae_core.photos.colorizing import AbGuess, full_size_ab, merged
from cae_core.photos.hints import ColorHint, HintedAb, likely_colors, with_hints

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


def edge_profile(height, width, edge, contrast):
    """a* across a sharp edge of the lightness, with a red hint left of it and a grey guess."""
    lightness = np.full((height, width), 40.0, np.float32)
    lightness[:, edge:] = 40.0 + contrast
    lightness += np.random.default_rng(0).normal(0, 0.5, lightness.shape).astype(np.float32)
    ab = with_hints(np.zeros((48, 72, 2), np.float32), lightness, [RED])
    return full_size_ab(ab, lightness)[height // 4 : -height // 4, :, 0]


@pytest.mark.parametrize(
    ("height", "width", "edge"), [(512, 768, 384), (512, 768, 385), (1000, 1500, 751)]
)
@pytest.mark.parametrize("contrast", [20, 50])
def test_a_hint_reaches_the_last_pixels_before_an_edge_and_none_beyond(
    height, width, edge, contrast
):
    a = edge_profile(height, width, edge, contrast)
    assert a[:, edge - 2].min() > 0.9 * RED.a
    assert a[:, 20 : edge - 2].min() > 0.9 * RED.a
    assert np.abs(a[:, edge:]).max() < 0.02 * RED.a


def test_a_colour_far_in_lightness_is_not_reached_by_way_of_shades():
    ramp = np.linspace(10, 95, 300, dtype=np.float32)
    ab = with_hints(np.zeros((48, 72, 2), np.float32), np.tile(ramp, (200, 1)), [RED])
    across = ab[100, :, 0]
    at = int(RED.across * 300)
    assert across[at] == pytest.approx(RED.a, abs=0.5)
    assert across[np.abs(ramp - ramp[at]) < 15].min() > 0.9 * RED.a
    assert np.abs(across[-40:]).max() < 1


def test_a_hint_crosses_the_texture_and_the_noise_of_one_thing():
    rows, columns = np.mgrid[:300, :450]
    weave = 50 + 3 * np.sin(rows / 4) * np.sin(columns / 4)
    noisy = weave + np.random.default_rng(0).normal(0, 0.2, weave.shape)
    ab = with_hints(np.zeros((48, 72, 2), np.float32), noisy.astype(np.float32), [RED])
    assert ab[..., 0].min() > 0.5 * RED.a


def test_an_edge_of_the_guessed_colours_stops_a_hint_where_lightness_has_none():
    guess = np.zeros((160, 240, 2), np.float32)
    guess[:, 120:] = (-30, 30)
    lightness = np.full((160, 240), 50.0, np.float32)
    ab = with_hints(guess, lightness, [RED])
    np.testing.assert_allclose(ab[:, 125:], guess[:, 125:], atol=1)
    np.testing.assert_allclose(ab[:, :115], np.broadcast_to((60, 40), (160, 115, 2)), atol=1)


def test_a_hint_has_exactly_its_colour_at_its_point():
    lightness = np.random.default_rng(0).normal(50, 1, (300, 450)).astype(np.float32)
    ab = with_hints(np.full((48, 72, 2), -20, np.float32), lightness, [RED, BLUE])
    for hint in (RED, BLUE):
        at_hint = ab[int(hint.down * 300), int(hint.across * 450)]
        np.testing.assert_allclose(at_hint, (hint.a, hint.b), atol=0.5)


def test_between_two_hints_the_border_is_the_edge(halves):
    ab = with_hints(np.zeros((48, 80, 2), np.float32), halves, [RED, BLUE])
    for columns, hint in ((slice(10, 198), RED), (slice(202, 390), BLUE)):
        np.testing.assert_allclose(ab[:, columns] - (hint.a, hint.b), 0, atol=3)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_hints_of_a_flipped_image_give_the_flipped_colours(axis):
    photo = gaussian_filter(np.random.default_rng(0).normal(50, 200, (240, 320)), 6)
    lightness = photo.clip(0, 100).astype(np.float32)
    down, across = 0.4001, 0.3001  # inside a reduced pixel, not between two
    flipped = ColorHint(*((1 - down, across) if axis == 0 else (down, 1 - across)), 60.0, 40.0)
    guess = np.zeros((48, 64, 2), np.float32)
    ab = with_hints(guess, lightness, [ColorHint(down, across, 60.0, 40.0)])
    other = with_hints(guess, np.flip(lightness, axis), [flipped])
    np.testing.assert_allclose(np.flip(other, axis), ab, atol=0.1)


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


def test_some_rows_are_those_of_the_whole():
    lightness = np.random.default_rng(0).normal(50, 1, (300, 70)).astype(np.float32)
    found = HintedAb.of(np.zeros((48, 12, 2), np.float32), lightness, [RED])
    parts = [found[top : min(top + 77, 300)] for top in range(0, 300, 77)]
    np.testing.assert_array_equal(np.concatenate(parts), found[:])


def test_without_hints_the_guess_stays(halves):
    guess = np.zeros((48, 80, 2), np.float32)
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
