"""The saturation that falls where sRGB has too few of the colours."""

import numpy as np
import pytest

from cae_core.images.color import rgb_within_gamut
from cae_core.photos import saturation
from cae_core.photos.colorizing import AbGuess, colorize
from cae_core.photos.saturation import MOST_OUTSIDE, fitting_saturation


@pytest.fixture
def vivid():
    """Colours of which about half are outside the gamut."""
    rng = np.random.default_rng(0)
    lightness = rng.uniform(30, 80, (40, 60)).astype(np.float32)
    return AbGuess(lightness, ab=rng.uniform(-70, 70, (40, 60, 2)).astype(np.float32))


def share_outside(guess, saturation):
    ab = np.float32(saturation) * guess.ab
    return rgb_within_gamut(guess.lightness, ab)[1].mean()


def test_it_falls_until_a_tenth_of_the_pixels_is_outside_and_no_further(vivid):
    found = fitting_saturation(vivid)
    assert found.outside == pytest.approx(share_outside(vivid, 1.0), abs=0.005)
    assert found.outside > 0.3
    assert MOST_OUTSIDE - 0.01 < share_outside(vivid, 0.999 * found.value) <= MOST_OUTSIDE
    assert fitting_saturation(vivid, 2.0).value == pytest.approx(found.value, rel=0.01)


def test_a_saturation_that_fits_stays(vivid):
    fits = 0.9 * fitting_saturation(vivid).value
    assert fitting_saturation(vivid, fits).value == fits
    assert fitting_saturation(vivid, 0.0) == (0.0, 0.0)


def test_black_and_white_pixels_do_not_count(vivid):
    dark = vivid.lightness.copy()
    dark[:30] = 0
    dark[30:, :10] = 100
    rest = AbGuess(vivid.lightness[30:, 10:], ab=vivid.ab[30:, 10:])
    assert fitting_saturation(AbGuess(dark, ab=vivid.ab)) == pytest.approx(
        fitting_saturation(rest), abs=1e-4
    )
    night = AbGuess(np.zeros((4, 4), np.float32), ab=np.full((4, 4, 2), 50, np.float32))
    assert fitting_saturation(night) == (1.0, 0.0)


def test_colorize_lets_it_fall_unless_it_is_told_one(monkeypatch):
    grey = np.full((32, 32), 120, np.uint8)
    monkeypatch.setattr(
        saturation,
        "fitting_saturation",
        lambda *_, **__: saturation.FittingSaturation(0.0, 1.0),
    )
    assert np.ptp(colorize(grey), axis=2).max() < 1e-3
    assert np.ptp(colorize(grey, saturation=1), axis=2).mean() > 1e-3
