"""Latents as whole numbers: rounded to steps, and the spread of these numbers.

A channel's step is the image's step divided by the channel's gain, by how much its numbers move
the decoded image. So the same error comes from every number that is rounded: for a code of
independent numbers no other choice of steps has less error at as many bits (reverse water-filling:
Cover & Thomas, "Elements of Information Theory", 10.3.3).
"""

from __future__ import annotations

import numpy as np

from cae_core.compression.entropy import SCALES, bit_table, limit, quarter_octave

CELL = 32
"""Height and width in pixels of the cells of a photo that have a scale of their own."""

LARGEST_CELL_SCALE = 12
"""A cell is up to this many scales, 3 octaves, above or below what its channels say."""

LARGEST_GAIN = 80
"""The largest gain of a channel and the inverse of the smallest, in quarter octaves."""

# Share of a step from which a number is rounded up. Below 1/2 zeros are more, which cost little.
_ROUNDED_UP = 0.6
# Positions that the scales of the channels are chosen by.
_POSITIONS = 1024
_ROUNDS = 2


def step_size(index: int) -> float:
    """Size of a step, in units of [0, 1] times a square root of pixels: 16 to 2^-12.

    Args:
        index: From 0 to 63, four to an octave.

    Example:
        >>> step_size(0), step_size(16)
        (16.0, 1.0)
    """
    return 16.0 * quarter_octave(-index)


def channel_steps(step: int, gains: np.ndarray) -> np.ndarray:
    """The steps of all channels, float64 (N,).

    Args:
        step: Number of the image's step.
        gains: Gains of the channels, int (N,) in quarter octaves.
    """
    return np.array([step_size(step) * quarter_octave(-int(gain)) for gain in gains])


def quantise(latents: np.ndarray, steps: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Latents in whole steps from their channel's offset, int32.

    Args:
        latents: float32 (..., N).
        steps: float64 (N,).
        offsets: Whole steps from 0 to the channel's middle, int (N,).
    """
    scaled = latents / steps - offsets
    rounded = np.sign(scaled) * np.floor(np.abs(scaled) + (1 - _ROUNDED_UP))
    return np.clip(rounded, -limit(SCALES), limit(SCALES)).astype(np.int32)


def dequantise(numbers: np.ndarray, steps: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The latents that whole numbers stand for, float64 (..., N), the same on every machine."""
    return (numbers + offsets) * steps


def cells_of(rows: int, columns: int, side: int) -> tuple[np.ndarray, int]:
    """The cell of every position of a grid.

    Args:
        rows: Rows of the grid.
        columns: Its columns.
        side: Positions on a side of a cell.

    Returns:
        int (rows · columns,), the cells numbered row by row, and how many they are.

    Example:
        >>> cells_of(2, 3, 2)
        (array([0, 0, 1, 0, 0, 1]), 2)
    """
    across = -(-columns // side)
    cells = np.arange(rows)[:, np.newaxis] // side * across + np.arange(columns) // side
    return cells.ravel(), across * -(-rows // side)


def scales_of(channels: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """The distribution of every number, uint8 (positions, N): 0 for those that are 0.

    Args:
        channels: Scales of the channels, int (N,), 0 for one that is 0 everywhere.
        cells: Scales of the cells that the positions lie in, int (positions,).
    """
    sums = np.clip(channels + cells[:, np.newaxis], 1, SCALES).astype(np.uint8)
    sums[:, channels == 0] = 0
    return sums


def fit_scales(
    numbers: np.ndarray, cell_of: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Chooses scales of channels and cells, so that the numbers take few bits.

    Args:
        numbers: int32 (positions, N).
        cell_of: Cell of every position, int (positions,).
        count: Number of cells.

    Returns:
        Scales of the channels, int (N,), and of the cells, int (count,).
    """
    magnitudes = np.abs(numbers)
    largest = magnitudes.max(axis=0)
    used = np.flatnonzero(largest)
    channels = np.zeros(numbers.shape[1], np.int64)
    cells = np.zeros(count, np.int64)
    if not used.size:
        return channels, cells
    magnitudes = magnitudes[:, used]
    stride = -(-len(magnitudes) // _POSITIONS)
    for _ in range(_ROUNDS):
        chosen = _best_channels(magnitudes[::stride], cells[cell_of[::stride]])
        channels[used] = _raised(chosen, largest[used])
        cells = _best_cells(magnitudes, channels[used], cell_of, count)
    return channels, cells


def _best_channels(magnitudes: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Scale of each channel with the fewest bits, given those of the positions' cells."""
    best = np.full(magnitudes.shape[1], np.inf)
    chosen = np.ones(magnitudes.shape[1], np.int64)
    table = bit_table()
    for scale in range(1, SCALES + 1):
        rows = np.clip(scale + cells, 1, SCALES)[:, np.newaxis]
        bits = table[rows, magnitudes].sum(axis=0)
        better = bits < best
        best[better], chosen[better] = bits[better], scale
    return chosen


def _raised(channels: np.ndarray, largest: np.ndarray) -> np.ndarray:
    """Scales raised where a channel's largest magnitude is over their limit."""
    limits = np.array([limit(scale) for scale in range(1, SCALES + 1)])
    return np.maximum(channels, 1 + np.searchsorted(limits, largest))


def _best_cells(
    magnitudes: np.ndarray, channels: np.ndarray, cell_of: np.ndarray, count: int
) -> np.ndarray:
    """Scale of each cell with the fewest bits, given those of the channels."""
    best = np.full(count, np.inf)
    chosen = np.zeros(count, np.int64)
    table = bit_table()
    # 0 first, and always within the limits: one that is as good does not replace it.
    for cell in sorted(range(-LARGEST_CELL_SCALE, LARGEST_CELL_SCALE + 1), key=abs):
        rows = np.clip(channels + cell, 1, SCALES)
        bits = table[rows, magnitudes].sum(axis=1)  # (positions,)
        of_cells = np.bincount(cell_of, bits, minlength=count)
        better = of_cells < best
        best[better], chosen[better] = of_cells[better], cell
    return chosen
