"""From one image to another: in the latent, and in pixels."""

from __future__ import annotations

import numpy as np


def interpolated(first: np.ndarray, second: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Points on the straight line between two arrays of one shape: latents, or images.

    Args:
        first: Any shape.
        second: The same shape.
        shares: (N,) shares of the second, 0 to 1.

    Returns:
        (N, ...).

    Example:
        >>> interpolated(np.array([0.0, 2.0]), np.array([4.0, 2.0]), np.array([0.0, 0.5]))
        array([[0., 2.],
               [2., 2.]])
    """
    weights = shares.reshape(-1, *([1] * first.ndim)).astype(first.dtype)
    return first * (1 - weights) + second * weights


def combined(first: np.ndarray, minus: np.ndarray, plus: np.ndarray) -> np.ndarray:
    """A - B + C of three arrays of one shape: latents, or images.

    Example:
        >>> combined(np.array([3.0]), np.array([1.0]), np.array([5.0]))
        array([7.])
    """
    return first - minus + plus
