"""Colours that a person knows of an image, spread around where they were put.

    >>> import numpy as np
    >>> lightness = np.repeat([[30.0] * 20 + [80.0] * 20], 30, axis=0).astype(np.float32)
    >>> grey = np.zeros((30, 40, 2), np.float32)
    >>> ab = with_hints(grey, lightness, [ColorHint(0.5, 0.2, 60.0, 20.0)])
    >>> ab[15, [2, 15, 19, 20, 38], 0].round() + 0
    array([60., 60., 60.,  0.,  0.], dtype=float32)

A hint spreads over what is connected, on a reduced image: a step across an edge of the lightness,
or of the colours that the network has guessed, is long, and far away a hint counts for nothing.
Every pixel then takes the colours of the reduced pixels around it that are as light as it is, so
that colours end where the edge is. The idea that neighbours of like lightness have like colours is
that of Levin, Lischinski & Weiss, "Colorization using Optimization", 2004; the shortest path takes
the place of their system of equations.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from cae_core.models.ab_bins import ab_bin_centres
from cae_core.photos.colorizing import AbGuess, full_size_ab, reduced_lightness

# Pixels of the shorter side of the image that hints spread on.
HINT_SIDE = 192
# Lengths are in the one at which a hint has faded to a third. One pixel where nothing changes is
# so long that a plain area is filled, however large; where a hint counts alone; where it ends.
_PLAIN, _NEAR, _END = 0.4 / HINT_SIDE, 0.02, 2.0
# Steps of lightness and of a* and b* from pixel to pixel that alone are 1 long.
_LIGHTNESS_STEP, _AB_STEP = 5.5, 7.0
# Lightness that one object has around a hint; as much beyond it is 1 long.
_SHADES = 20.0
# Lightness that differs less is alike.
_AS_LIGHT = 2.0
# Steps to a pixel and on from it, both as high, that tell it is between two sides.
_MIXED = 3.0
_COLUMNS_AT_ONCE, _THREADS = 384, 2
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
    """A guessed chrominance with the colours of hints around their points.

    Args:
        ab: The network's guess, float32 (h, w, 2).
        lightness: float32 (H, W) from 0 to 100, of the image.
        hints: The hints; where two meet, the nearer counts more.

    Returns:
        float32 (H, W, 2); without hints the guess as it is.
    """
    return HintedAb.of(ab, lightness, hints)[:] if hints else ab


class HintedAb:
    """Chrominance with hints at full size, which is computed row by row as it is asked for.

    Every pixel has a mean of the nine reduced pixels around it, mostly of those as light as it is.

    Args:
        ab: Chrominance with hints on a reduced image, float32 (h, w, 2).
        small: float32 (h, w), the reduced image's lightness.
        lightness: float32 (H, W), the image's.

    Source: Kopf et al., "Joint Bilateral Upsampling", 2007.
    """

    def __init__(self, ab: np.ndarray, small: np.ndarray, lightness: np.ndarray) -> None:
        self.shape = (*lightness.shape, 2)
        self._lightness = lightness
        self._row_of, self._down = _around(small.shape[0], lightness.shape[0])
        column_of, across = _around(small.shape[1], lightness.shape[1])
        purity = _purity(small)
        channels = (small, purity, purity * ab[..., 0], purity * ab[..., 1])
        known = [np.pad(each, 1, mode="edge") for each in channels]
        self._near = [np.stack([each[:, column_of + i] for i in range(3)]) for each in known]
        for each in self._near[1:]:
            np.multiply(each, across[:, np.newaxis], out=each)

    @classmethod
    def of(cls, ab: np.ndarray, lightness: np.ndarray, hints: Sequence[ColorHint]) -> HintedAb:
        """A guess with hints, at least one; see `with_hints`."""
        small = reduced_lightness(lightness, HINT_SIDE)
        guess = full_size_ab(ab, small)
        lengths = _lengths(small, guess, hints)
        weights = np.exp(-(lengths**4))
        nearness = weights / (lengths + _NEAR) ** 4
        colours = np.tensordot(nearness, [(hint.a, hint.b) for hint in hints], axes=(0, 0))
        colours /= nearness.sum(axis=0)[..., np.newaxis] + 1e-9
        mixed = guess + weights.max(axis=0)[..., np.newaxis] * (colours - guess)
        return cls(mixed.astype(np.float32), small, lightness)

    def __getitem__(self, rows: slice) -> np.ndarray:
        """Some rows, float32 (n, W, 2)."""
        begin, end, _ = rows.indices(self.shape[0])
        found = np.empty((end - begin, *self.shape[1:]), np.float32)
        reduced = self._row_of[begin:end]
        borders = [0, *(np.flatnonzero(np.diff(reduced)) + 1), end - begin]
        lefts = range(0, self.shape[1], _COLUMNS_AT_ONCE)

        def fill(part: tuple[tuple[int, int], int]) -> None:
            (top, bottom), left = part
            columns = slice(left, left + _COLUMNS_AT_ONCE)
            row = reduced[top]  # all of them have this one in the middle
            light, *parts = (each[:, row : row + 3, columns] for each in self._near)
            inside = slice(begin + top, begin + bottom)
            # By nine neighbours: (3, 3, rows, columns).
            weight = light[:, :, np.newaxis] - self._lightness[inside, columns]
            weight *= weight
            weight += _AS_LIGHT**2
            weight *= weight
            np.divide(self._down[:, inside, np.newaxis], weight, out=weight)
            total, *sums = (np.einsum("abyx,abx->yx", weight, each) for each in parts)
            for channel, mixed in enumerate(sums):
                found[top:bottom, columns, channel] = mixed / total

        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(fill, itertools.product(itertools.pairwise(borders), lefts)))
        return found


def _lengths(small: np.ndarray, guess: np.ndarray, hints: Sequence[ColorHint]) -> np.ndarray:
    """Lengths of the shortest paths from each hint to each pixel, at most `_END`: (n, h, w)."""
    from scipy.ndimage import median_filter
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    height, width = small.shape
    smooth = median_filter(small, 3, mode="nearest")
    places = np.arange(small.size).reshape(small.shape)
    steps = [_steps(smooth, guess), _steps(smooth.T, guess.swapaxes(0, 1)).T]
    ends = [(places[:, :-1], places[:, 1:]), (places[:-1], places[1:])]
    graph = coo_array(
        (_flat(steps), tuple(map(_flat, zip(*ends, strict=True)))), shape=(small.size, small.size)
    )
    starts = [
        min(int(hint.down * height), height - 1) * width + min(int(hint.across * width), width - 1)
        for hint in hints
    ]
    found = dijkstra(graph.tocsr(), directed=False, indices=starts, limit=_END)
    unlike = np.abs(small.ravel() - smooth.ravel()[starts][:, np.newaxis])
    found += np.maximum(unlike / _SHADES - 1, 0)
    return np.minimum(found, _END).reshape(len(hints), height, width).astype(np.float32)


def _flat(parts: Sequence[np.ndarray]) -> np.ndarray:
    """All numbers of some arrays, one after the other."""
    return np.concatenate([part.ravel() for part in parts])


def _steps(small: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Lengths of the steps from each pixel to its right neighbour."""
    lightness = np.diff(small, axis=1) / _LIGHTNESS_STEP
    colour = np.diff(guess, axis=1) / _AB_STEP
    lengths: np.ndarray = _PLAIN + lightness**2 + (colour**2).sum(axis=-1)
    return lengths


def _purity(small: np.ndarray) -> np.ndarray:
    """From 1 to nearly 0 where a reduced pixel has a share of either side of an edge."""
    known = np.pad(small, 1, mode="edge")
    left, right = small - known[1:-1, :-2], known[1:-1, 2:] - small
    above, below = small - known[:-2, 1:-1], known[2:, 1:-1] - small
    between = np.maximum(np.maximum(left * right, above * below), 0)
    purity: np.ndarray = 1 / (1 + between / _MIXED**2) ** 2
    return purity


def _around(cells: int, pixels: int) -> tuple[np.ndarray, np.ndarray]:
    """Along a side: each pixel's reduced pixel, and weights of the one before, it, the one after.

    The weights are a quadratic B-spline's, so that no border of a reduced pixel is seen.
    """
    place = (np.arange(pixels) + 0.5) * (cells / pixels) - 0.5
    nearest = np.rint(place).astype(int).clip(0, cells - 1)
    away = (place - nearest).astype(np.float32)
    return nearest, np.array([(0.5 - away) ** 2 / 2, 0.75 - away**2, (0.5 + away) ** 2 / 2])


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
