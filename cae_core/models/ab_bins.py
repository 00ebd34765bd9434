"""Chrominance as classes: a grid over the a*b* plane where sRGB has colours.

A network that must name one colour names the mean of all that are plausible, which is brown. One
that gives a probability to every cell of the plane can say "red or green, hardly brown", and
`annealed_mean` makes one colour of that.

Source: Zhang, Isola & Efros, "Colorful Image Colorization", ECCV 2016.
"""

from __future__ import annotations

import functools

import numpy as np

# Distance of neighbouring centres in a* and b*; the paper's is 10.
STEP = 12
# Between the mean (1) and the most probable class (towards 0), and what the result is multiplied
# by, for a mean is duller than what it is the mean of. Both found on validation images of
# CIFAR-10; the paper has 0.38 and 1.
TEMPERATURE, VIVIDNESS = 0.25, 1.3
_SRGB_LEVELS = 52


@functools.cache
def ab_bin_centres() -> np.ndarray:
    """Centres of the classes.

    Every sRGB colour lies in a square whose four corners are among them.

    Returns:
        (K, 2) float32: a* and b*, multiples of `STEP`.

    Example:
        >>> ab_bin_centres().shape
        (221, 2)
    """
    from skimage.color import rgb2lab

    levels = np.linspace(0, 1, _SRGB_LEVELS)
    # (52, 52, 52, 3) -> (140608, 2)
    srgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    plane = rgb2lab(srgb.reshape(-1, 1, 3))[:, 0, 1:]
    low = np.floor(plane / STEP)
    corners = np.concatenate([low + np.array((i, j)) for i in (0, 1) for j in (0, 1)])
    return (np.unique(corners, axis=0) * STEP).astype(np.float32)


@functools.cache
def _class_of_cell() -> tuple[np.ndarray, np.ndarray]:
    """Class number of every point of the grid, (A, B) int32, and the grid's lowest point."""
    points = np.round(ab_bin_centres() / STEP).astype(int)
    lowest = points.min(axis=0)
    table = np.zeros(points.max(axis=0) - lowest + 1, np.int32)
    table[tuple((points - lowest).T)] = np.arange(len(points))
    return table, lowest


def corner_classes(plane: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The four classes around each colour, and the share of each.

    The shares are those of bilinear interpolation, so that the mean of the classes, weighted by
    their shares, is the colour itself.

    Args:
        plane: (..., 2): a* and b* of colours that sRGB has.

    Returns:
        Class numbers (..., 4) int32, and shares (..., 4) float32 that sum to 1.

    Example:
        >>> classes, shares = corner_classes(np.array([6.0, -3.0], np.float32))
        >>> (ab_bin_centres()[classes] * shares[:, None]).sum(axis=0)
        array([ 6., -3.], dtype=float32)
    """
    table, lowest = _class_of_cell()
    position = plane.astype(np.float32) / STEP - lowest
    cell = np.clip(np.floor(position).astype(int), 0, np.array(table.shape) - 2)
    (i, j), (u, v) = np.moveaxis(cell, -1, 0), np.moveaxis(position - cell, -1, 0)
    classes = np.stack([table[i + di, j + dj] for di in (0, 1) for dj in (0, 1)], axis=-1)
    shares = np.stack([p * q for p in (1 - u, u) for q in (1 - v, v)], axis=-1)
    return classes, shares.astype(np.float32)


def annealed_mean(logits: np.ndarray, temperature: float = TEMPERATURE) -> np.ndarray:
    """One colour for every distribution over the classes.

    Args:
        logits: (..., K), as the network gives them.
        temperature: 1 gives the mean of the distribution, towards 0 its most probable class.

    Returns:
        (..., 2) float32: a* and b*, made more vivid by `VIVIDNESS`.

    Example:
        >>> (annealed_mean(np.zeros(len(ab_bin_centres())), temperature=1.0) / VIVIDNESS).round(1)
        array([14. ,  6.1], dtype=float32)
    """
    sharpened = (logits - logits.max(axis=-1, keepdims=True)).astype(np.float32) / temperature
    weights = np.exp(sharpened)
    weights /= weights.sum(axis=-1, keepdims=True)
    return VIVIDNESS * (weights @ ab_bin_centres())
