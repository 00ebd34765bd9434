"""How saturated guessed colours can be before many of them are ones that sRGB does not have."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from cae_core.images.color import chroma_share_within_gamut
from cae_core.models.ab_bins import TEMPERATURE
from cae_core.photos.colorizing import AbGuess, full_size_ab

MOST_OUTSIDE = 0.1
"""Share of the pixels `neither_black_nor_white` that may leave the gamut of sRGB."""
_BLACK, _WHITE = 5.0, 97.0


class FittingSaturation(NamedTuple):
    """A saturation, and why it is not the wanted one.

    Attributes:
        value: The largest saturation up to the wanted one at which at most `MOST_OUTSIDE` of the
            pixels leave the gamut.
        outside: Share of the pixels `neither_black_nor_white` that leave the gamut at the wanted
            one.
    """

    value: float
    outside: float


def neither_black_nor_white(lightness: np.ndarray) -> np.ndarray:
    """The pixels that count: near black and white hardly any colour is left, however pale.

    Args:
        lightness: L* from 0 to 100, of any shape.

    Example:
        >>> neither_black_nor_white(np.array([1.0, 50.0, 99.0])).tolist()
        [False, True, False]
    """
    return (lightness > _BLACK) & (lightness < _WHITE)


def fitting_saturation(
    guess: AbGuess, saturation: float = 1.0, temperature: float = TEMPERATURE
) -> FittingSaturation:
    """The saturation that falls where more than a tenth of the pixels would leave the gamut.

    Args:
        guess: The guessed chrominance of an image.
        saturation: The wanted factor of a* and b*.
        temperature: See `AbGuess.at`.

    Returns:
        The saturation to use, and the share of pixels that would leave sRGB at the wanted one.

    Example:
        >>> lightness = np.full((4, 4), 50, np.float32)
        >>> green = AbGuess(lightness, ab=np.full((4, 4, 2), (-100, 0), np.float32))
        >>> pale = AbGuess(lightness, ab=green.ab / 10)
        >>> fitting_saturation(pale)
        FittingSaturation(value=1.0, outside=0.0)
        >>> round(fitting_saturation(green).value, 2)
        0.35
    """
    lightness = guess.lightness
    ab = full_size_ab(guess.at(temperature), lightness)
    is_counted = neither_black_nor_white(lightness)
    if not is_counted.any():
        return FittingSaturation(saturation, 0.0)
    share = chroma_share_within_gamut(
        lightness[is_counted], np.float32(saturation) * ab[is_counted]
    )
    outside = float((share < 1).mean())
    if outside <= MOST_OUTSIDE:
        return FittingSaturation(saturation, outside)
    factor = np.quantile(share, MOST_OUTSIDE, method="lower")
    return FittingSaturation(saturation * float(factor), outside)
