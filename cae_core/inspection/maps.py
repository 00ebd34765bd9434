"""A layer's output as feature maps: how much is in every channel."""

from __future__ import annotations

import numpy as np


def channel_energies(activation: np.ndarray) -> np.ndarray:
    """Mean square of every channel of a layer's output.

    Args:
        activation: (H, W, C), or (n,) whose numbers are channels.

    Returns:
        (C,) or (n,), float64.

    Example:
        >>> channel_energies(np.array([[[1.0, 0.0]], [[3.0, 2.0]]]))
        array([5., 2.])
    """
    squares = np.square(activation, dtype=np.float64)
    return squares.mean(axis=tuple(range(activation.ndim - 1)))


def by_energy(activation: np.ndarray) -> np.ndarray:
    """The channels of a layer's output, that of the most energy first.

    Example:
        >>> by_energy(np.array([0.5, -2.0, 1.0]))
        array([1, 2, 0])
    """
    return np.argsort(-channel_energies(activation), kind="stable")
