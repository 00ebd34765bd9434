"""Latents as bytes: rounded to steps, and coded with the spread of their channels and cells.

A channel's step is the image's step divided by the channel's gain, by how much its numbers move
the decoded image. So the same error comes from every number that is rounded: for a latent of
independent numbers no other choice of steps has less error at as many bits (reverse water-filling:
Cover & Thomas, "Elements of Information Theory", 10.3.3).
"""

from __future__ import annotations

import numpy as np

from cae_core.compression.entropy import (
    SCALES,
    Unpacker,
    best_scale,
    bit_weights,
    least_scales,
    limit,
    pack,
    quarter_octave,
)
from cae_core.errors import CompressionError

CELL = 32
"""Height and width in pixels of the cells of a photo that have a scale of their own."""

LARGEST_GAIN = 80
"""The largest gain of a channel and the inverse of the smallest, in quarter octaves."""

# A cell is up to so many scales, 3 octaves, above or below what its channels say.
_LARGEST_CELL_SCALE = 12
_LARGEST_STEP = 63
# Share of a step from which a number is rounded up. Below 1/2 zeros are more, which cost little.
_ROUNDED_UP = 0.6
_ROUNDS = 2
_ALL = np.arange(1, SCALES + 1)
# The step and the scales of the four tables, a byte each.
_HEADER_BYTES = 5


def pack_latents(latents: np.ndarray, step: int, gains: np.ndarray, cell_side: int) -> bytes:
    """Rounds latents and entropy-codes them, behind four tables that say how.

    The tables are the channels' gains, which make their steps, their middles and their scales, and
    the scales of the cells.

    Args:
        latents: float32 (rows, columns, N).
        step: Number of the image's step, from 0 to 63, see `step_size`.
        gains: Gains of the channels, int (N,) in quarter octaves.
        cell_side: Positions on a side of a cell.

    Returns:
        What `unpack_latents` reads.

    Example:
        >>> latents = np.linspace(-3, 3, 24, dtype=np.float32).reshape(2, 4, 3)
        >>> packed = pack_latents(latents, 32, np.zeros(3, int), 2)
        >>> back = unpack_latents(packed, (2, 4), 3, 2)
        >>> bool(np.abs(back - latents).max() <= 0.6 * step_size(32))
        True
    """
    cell_of, count = cells_of(latents.shape[0], latents.shape[1], cell_side)
    flat = latents.reshape(-1, latents.shape[2])  # (rows · columns, N)
    steps = channel_steps(step, gains)
    offsets = np.rint(np.median(flat[:: 1 + len(flat) // 4096], axis=0) / steps).astype(np.int64)
    offsets = np.clip(offsets, -limit(SCALES), limit(SCALES))
    numbers = quantise(flat, steps, offsets)
    channels, cells = fit_scales(numbers, cell_of, count)
    # Neighbours are alike, so that the differences of three tables cost less than they do.
    tables = [
        np.diff(gains, prepend=0), offsets, np.diff(channels, prepend=0), np.diff(cells, prepend=0)
    ]  # fmt: skip
    scales = [best_scale(table) for table in tables]
    of_numbers = scales_of(channels, cells[cell_of])
    sections = list(zip(tables, scales, strict=True))
    sections += [(numbers[of_numbers == scale], scale) for scale in range(1, SCALES + 1)]
    return bytes([step, *scales]) + pack(sections)


def unpack_latents(
    packed: bytes, grid: tuple[int, int], channels: int, cell_side: int
) -> np.ndarray:
    """Reads latents, the same numbers on every machine.

    Args:
        packed: What `pack_latents` made; it may be anything.
        grid: Rows and columns of the latents.
        channels: Their channels, N.
        cell_side: Positions on a side of a cell.

    Returns:
        float64 (rows, columns, N).

    Raises:
        CompressionError: It holds no such latents.
    """
    cell_of, count = cells_of(*grid, cell_side)
    if len(packed) < _HEADER_BYTES:
        raise _impossible()
    step, *scales = packed[:_HEADER_BYTES]
    if step > _LARGEST_STEP or not all(1 <= scale <= SCALES for scale in scales):
        raise _impossible()
    unpacker = Unpacker(packed[_HEADER_BYTES:])
    sizes = (channels, channels, channels, count)
    tables = [unpacker.read(size, scale) for size, scale in zip(sizes, scales, strict=True)]
    gains, of_channels, of_cells = (np.cumsum(tables[place]) for place in (0, 2, 3))
    if not (
        (np.abs(gains) <= LARGEST_GAIN).all()
        and (of_channels >= 0).all()
        and (of_channels <= SCALES).all()
        and (np.abs(of_cells) <= _LARGEST_CELL_SCALE).all()
    ):
        raise _impossible()
    of_numbers = scales_of(of_channels, of_cells[cell_of])
    numbers = np.zeros(of_numbers.shape, np.int32)
    for scale in range(1, SCALES + 1):
        chosen = of_numbers == scale
        numbers[chosen] = unpacker.read(int(chosen.sum()), scale)
    if not unpacker.is_empty:
        raise _impossible()
    latents = (numbers + tables[1]) * channel_steps(step, gains)
    return latents.reshape(*grid, channels)


def _impossible() -> CompressionError:
    """The error for numbers that `pack_latents` does not write."""
    return CompressionError(
        "The numbers of a .cae file are as many as its image has, within their limits. "
        "Received: a file whose numbers are not. Get the file again."
    )


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
    sums = channels.astype(np.int8) + cells.astype(np.int8)[:, np.newaxis]
    np.clip(sums, 1, SCALES, out=sums)
    sums[:, channels == 0] = 0
    return sums.view(np.uint8)


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
    used = np.flatnonzero(magnitudes.any(axis=0))
    channels = np.zeros(numbers.shape[1], np.int64)
    cells = np.zeros(count, np.int64)
    if not used.size:
        return channels, cells
    magnitudes = magnitudes[:, used].astype(np.float32)
    counted = (magnitudes > 0).astype(np.float32)
    least = least_scales(magnitudes.max(axis=0))
    large = np.nonzero(magnitudes > limit(1))  # every distribution holds the others
    large_scales = least_scales(magnitudes[large])
    # 0 first, so that one that is as good does not replace it.
    offsets = np.array(sorted(range(-_LARGEST_CELL_SCALE, _LARGEST_CELL_SCALE + 1), key=abs))
    for _ in range(_ROUNDS):
        bits = _bits(magnitudes, counted, _ALL[:, np.newaxis] + cells[cell_of])  # (scales, N)
        chosen = np.maximum(_ALL[bits.argmin(axis=0)], least)
        bits = _bits(magnitudes.T, counted.T, offsets[:, np.newaxis] + chosen)  # (.., positions)
        of_cells = [np.bincount(cell_of, each, minlength=count) for each in bits]
        cells = offsets[np.argmin(of_cells, axis=0)]
        np.maximum.at(cells, cell_of[large[0]], large_scales - chosen[large[1]])
    channels[used] = chosen
    return channels, cells


def _bits(magnitudes: np.ndarray, counted: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Bits of the columns of numbers, float32 (candidates, columns).

    Args:
        magnitudes: float32 (rows, columns).
        counted: 1 where a number is not 0, float32 (rows, columns).
        scales: Distributions of the rows, (candidates, rows); beyond all of them the last one.
    """
    weights = bit_weights()[np.clip(scales, 1, SCALES)]  # (candidates, rows, 3)
    constant = weights[:, :, 0].sum(axis=1, keepdims=True)
    return constant + weights[:, :, 1] @ counted + weights[:, :, 2] @ magnitudes
