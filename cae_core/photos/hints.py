"""Colours that a person knows of an image, spread around where they were put.

    >>> import numpy as np
    >>> lightness = np.repeat([[30.0] * 20 + [80.0] * 20], 30, axis=0).astype(np.float32)
    >>> grey = np.zeros((30, 40, 2), np.float32)
    >>> ab = with_hints(grey, lightness, [ColorHint(0.5, 0.2, 60.0, 20.0)])
    >>> ab[15, [2, 15, 25, 38], 0].round() + 0
    array([60., 60.,  0.,  0.], dtype=float32)

A hint spreads over what is connected: a path across an edge of the lightness, or of the colours
that the network has guessed, is long, and far away a hint counts for nothing. The idea that
neighbours of like lightness have like colours is that of Levin, Lischinski & Weiss, "Colorization
using Optimization", 2004; a path's length takes the place of their system of equations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cae_core.models.ab_bins import ab_bin_centres
from cae_core.photos.colorizing import AbGuess, full_size_ab, reduced_lightness

# Pixels of the shorter side of the image that hints spread on.
HINT_SIDE = 160
# Length of a path at which a hint has faded to a third, and length of one pixel where nothing
# changes: a plain area is filled, however large.
_REACH, _PLAIN = 60.0, 0.15
_NEAR = 0.02  # of the reach: where a hint counts alone
# Steps of lightness and of a* and b* from pixel to pixel that make a path much longer.
_LIGHTNESS_STEP, _AB_STEP = 2.8, 5.6
_STEP_COST = 10.0
# Likely colours nearer than this in the a*b* plane are one.
_ALIKE = 18.0


@dataclass(frozen=True)
class ColorHint:
    """The colour of one point.

    Attributes:
        down: The point, in shares of the image's height from its upper edge.
        across: The point, in shares of its width from its left edge.
        a: a* of the colour.
        b: b* of the colour.
    """

    down: float
    across: float
    a: float
    b: float


def with_hints(ab: np.ndarray, lightness: np.ndarray, hints: Sequence[ColorHint]) -> np.ndarray:
    """A guess of an image's chrominance, with hints in the place of the guess around their points.

    Args:
        ab: (h, w, 2), the guess.
        lightness: float32 (H, W) from 0 to 100.
        hints: The hints; where two meet, the nearer counts more.

    Returns:
        float32 (h', w', 2), h' and w' being the size that hints are spread at; see
        `colorizing.merged`, which brings it to full size.
    """
    from scipy.ndimage import gaussian_filter
    from skimage.graph import MCP_Geometric

    if not hints:
        return ab
    small = reduced_lightness(lightness, HINT_SIDE)
    guess = full_size_ab(ab, small)
    smooth = gaussian_filter(small, 0.7)
    steps = _slope(smooth) / _LIGHTNESS_STEP + sum(_slope(guess[..., i]) for i in (0, 1)) / _AB_STEP
    cost = _PLAIN + _STEP_COST * steps**2
    strongest = np.zeros(small.shape, np.float32)
    total = np.full(small.shape, 1e-9, np.float32)
    colours = np.zeros_like(guess)
    for hint in hints:
        point = tuple(
            min(int(share * side), side - 1)
            for share, side in zip((hint.down, hint.across), small.shape, strict=True)
        )
        lengths = MCP_Geometric(cost).find_costs([point])[0] / _REACH
        weight = np.exp(-(lengths**4)).astype(np.float32)
        strongest = np.maximum(strongest, weight)
        nearness = weight / (lengths + _NEAR) ** 4
        total += nearness
        colours += nearness[..., np.newaxis] * np.array((hint.a, hint.b), np.float32)
    strongest = strongest[..., np.newaxis]
    mixed: np.ndarray = (1 - strongest) * guess + strongest * colours / total[..., np.newaxis]
    return mixed


def _slope(channel: np.ndarray) -> np.ndarray:
    """How much a channel changes from pixel to pixel."""
    if min(channel.shape) < 2:
        return np.zeros_like(channel)
    slope: np.ndarray = np.hypot(*np.gradient(channel))
    return slope


def likely_colors(
    guess: AbGuess, down: float, across: float, count: int
) -> list[tuple[tuple[float, float], float]]:
    """The colours that a network thinks most likely at a point.

    Args:
        guess: The guess of a network that gives probabilities.
        down: See `ColorHint`.
        across: See `ColorHint`.
        count: The largest number of colours.

    Returns:
        (a*, b*) and the probability of each, the most probable first; colours alike count as one.
    """
    assert guess.logits is not None  # noqa: S101 - only for such a network
    height, width = guess.logits.shape[:2]
    logits = guess.logits[min(int(down * height), height - 1), min(int(across * width), width - 1)]
    left = np.exp(logits - logits.max())
    left /= left.sum()
    centres = ab_bin_centres()
    found = []
    for _ in range(count):
        peak = centres[left.argmax()]
        is_alike = np.hypot(*(centres - peak).T) < _ALIKE
        share = float(left[is_alike].sum())
        if share < 0.005:
            break
        a, b = left[is_alike] @ centres[is_alike] / share
        found.append(((float(a), float(b)), share))
        left = np.where(is_alike, 0, left)
    return sorted(found, key=lambda color: -color[1])
