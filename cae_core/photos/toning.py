"""The tone of a print: colours that are a function of lightness, as in sepia and cyanotype."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cae_core.training.tasks import LUMA

_LEVELS, _PIXELS_PER_LEVEL = 256, 32
_MOST_PIXELS = 200_000
_ROWS_AT_ONCE = 64
# Pixels; and how far the mean colour of such a square may be from the tone's: a beak, a lamp.
_SQUARE, FARTHEST = 6, 10 / 255
_LUMA = np.array(LUMA, np.float32)


def spread_beside_luma(colours: np.ndarray, luma: np.ndarray) -> float:
    """The standard deviation of the colours of pixels that have one luma.

    Args:
        colours: (N, 3).
        luma: (N,).

    Returns:
        The root mean square over all of them; infinity for too few pixels.
    """
    number = min(_LEVELS, len(luma) // _PIXELS_PER_LEVEL)
    if number < 2:
        return math.inf
    means, _, level = _means(colours, luma, number)
    return math.sqrt(float(np.mean((colours - means[level]) ** 2)))


def _means(
    colours: np.ndarray, luma: np.ndarray, number: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean colours (number, 3) of levels of luma, their numbers of pixels, the level of each."""
    low, high = float(luma.min()), float(luma.max())
    level = np.minimum((luma - low) * (number / ((high - low) or 1.0)), number - 1).astype(int)
    counts = np.bincount(level, minlength=number)
    sums = [np.bincount(level, channel, number) for channel in colours.T]
    return np.stack(sums, axis=1) / np.maximum(counts, 1)[:, np.newaxis], counts, level


@dataclass(frozen=True, eq=False)
class Tone:
    """The colour that a print has for every lightness.

    Attributes:
        luma: Some levels of luma, ascending.
        colours: (number, 3), the colours of these.
    """

    luma: np.ndarray
    colours: np.ndarray

    @classmethod
    def of(cls, photo: np.ndarray, most: float) -> Tone | None:
        """The tone of a photo; None for a grey one, and for one in colour.

        Args:
            photo: float (H, W, 3).
            most: What `spread_beside_luma` is at most.
        """
        step = max(1, math.ceil(math.sqrt(photo.shape[0] * photo.shape[1] / _MOST_PIXELS)))
        colours = photo[::step, ::step].reshape(-1, 3)
        luma = colours @ _LUMA
        is_grey = float(np.ptp(colours, axis=1).max()) <= 0
        if is_grey or most <= 0 or spread_beside_luma(colours, luma) > most:
            return None
        means, counts, _ = _means(colours, luma, _LEVELS)
        known = means[counts > 0]
        # Noise at its ends has only some colours of a level: there the mean of luma may turn back.
        order = np.argsort(known @ _LUMA)
        tone = cls(known[order] @ _LUMA, known[order])
        return None if tone._farthest(photo) > FARTHEST else tone

    def _farthest(self, photo: np.ndarray) -> float:
        """The most that the mean colour of a small square of a photo is away from the tone's."""
        farthest = 0.0
        side = min(_SQUARE, *photo.shape[:2])
        columns = photo.shape[1] // side
        for start in range(0, len(photo) - side + 1, _ROWS_AT_ONCE):
            part = photo[start : start + _ROWS_AT_ONCE, : columns * side]
            part = part[: len(part) // side * side]
            luma = part @ _LUMA
            for channel, colours in enumerate(self.colours.T):
                away = part[..., channel] - np.interp(luma, self.luma, colours)
                means = away.reshape(-1, side, columns, side).mean(axis=(1, 3))
                farthest = max(farthest, float(np.abs(means).max(initial=0)))
        return farthest

    def taken_off(self, photo: np.ndarray, *, overwrite: bool) -> np.ndarray:
        """The photo in grey, three equal channels.

        Args:
            photo: float32 (H, W, 3).
            overwrite: Whether the output may take its memory.
        """
        grey = photo if overwrite else np.empty_like(photo)
        for start in range(0, len(photo), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            grey[rows] = (photo[rows] @ _LUMA)[..., np.newaxis]
        return grey

    def put_on(self, grey: np.ndarray) -> None:
        """Gives a photo in grey, float32 (H, W, 3) with three equal channels, the tone in place."""
        for start in range(0, len(grey), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            luma = grey[rows] @ _LUMA
            for channel, colours in enumerate(self.colours.T):
                grey[rows][..., channel] = np.interp(luma, self.luma, colours)
