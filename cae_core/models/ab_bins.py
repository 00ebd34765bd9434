"""Bins of the (a*, b*) plane: colours as classes, for a network that predicts probabilities.

The least squared error is at the mean of all plausible colours, which is brown. A network that
predicts a probability for every bin can say "red or green, hardly brown"; `annealed_mean` makes
one colour of its answer.

Source: Zhang, Isola & Efros, "Colorful Image Colorization", ECCV 2016.
"""

from __future__ import annotations

import functools

import numpy as np

# Distance of neighbouring bins in a* and b*; the paper has 10.
BIN_SIZE = 12
# The temperature of the annealed mean and the factor that its colours are multiplied by, for a
# mean is duller than the colours it is made of. Both were chosen on validation images of
# CIFAR-10; the paper has a temperature of 0.38 and no factor.
TEMPERATURE, VIVIDNESS = 0.25, 1.3
_SRGB_LEVELS = 52


@functools.cache
def ab_bin_centres() -> np.ndarray:
    """Centres of the bins: the corners of all grid cells that contain an sRGB colour.

    Returns:
        float32 (K, 2): a* and b*, multiples of `BIN_SIZE`.

    Example:
        >>> ab_bin_centres().shape
        (221, 2)
    """
    from skimage.color import rgb2lab

    levels = np.linspace(0, 1, _SRGB_LEVELS)
    # (52, 52, 52, 3) -> (140608, 2)
    srgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    ab = rgb2lab(srgb.reshape(-1, 1, 3))[:, 0, 1:]
    low = np.floor(ab / BIN_SIZE)
    corners = np.concatenate([low + np.array((i, j)) for i in (0, 1) for j in (0, 1)])
    return (np.unique(corners, axis=0) * BIN_SIZE).astype(np.float32)


@functools.cache
def _bin_grid() -> tuple[np.ndarray, np.ndarray]:
    """Bin number of every grid point, int32 (A, B), and the lowest grid point."""
    points = np.round(ab_bin_centres() / BIN_SIZE).astype(int)
    lowest = points.min(axis=0)
    grid = np.zeros(points.max(axis=0) - lowest + 1, np.int32)
    grid[tuple((points - lowest).T)] = np.arange(len(points))
    return grid, lowest


def soft_bins(ab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The four bins around each colour and their bilinear weights (the paper's soft encoding).

    The weighted mean of the four centres is the colour itself.

    Args:
        ab: (..., 2): a* and b* of sRGB colours.

    Returns:
        Bin numbers, int32 (..., 4), and weights, float32 (..., 4), which sum to 1.

    Example:
        >>> bins, weights = soft_bins(np.array([6.0, -3.0], np.float32))
        >>> (ab_bin_centres()[bins] * weights[:, None]).sum(axis=0)
        array([ 6., -3.], dtype=float32)
    """
    grid, lowest = _bin_grid()
    position = ab.astype(np.float32) / BIN_SIZE - lowest
    cell = np.clip(np.floor(position).astype(int), 0, np.array(grid.shape) - 2)
    (i, j), (u, v) = np.moveaxis(cell, -1, 0), np.moveaxis(position - cell, -1, 0)
    bins = np.stack([grid[i + di, j + dj] for di in (0, 1) for dj in (0, 1)], axis=-1)
    weights = np.stack([p * q for p in (1 - u, u) for q in (1 - v, v)], axis=-1)
    return bins, weights.astype(np.float32)


def annealed_mean(
    logits: np.ndarray, temperature: float = TEMPERATURE, vividness: float = VIVIDNESS
) -> np.ndarray:
    """One colour for each distribution over the bins.

    Args:
        logits: (..., K), a network's output.
        temperature: 1 gives the mean of the distribution, towards 0 its most probable bin.
        vividness: Factor of the mean.

    Returns:
        float32 (..., 2): a* and b*.

    Example:
        >>> annealed_mean(np.zeros(len(ab_bin_centres())), temperature=1.0, vividness=1.0).round(1)
        array([14. ,  6.1], dtype=float32)
    """
    sharpened = (logits - logits.max(axis=-1, keepdims=True)).astype(np.float32) / temperature
    probabilities = np.exp(sharpened)
    probabilities /= probabilities.sum(axis=-1, keepdims=True)
    return vividness * (probabilities @ ab_bin_centres())
