"""Changes to a latent, channel by channel, and what every channel is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cae_core.inspection.network import Encoded, InspectedNetwork

MUTE, SCALE, MEAN, SWAP = EDITS = ("mute", "scale", "mean", "swap")
_AT_ONCE = 128  # variants of a latent that are decoded at a time


@dataclass(frozen=True)
class Edit:
    """A change to one channel of a latent.

    Attributes:
        kind: One of `EDITS`: set to 0; multiplied by `factor`; replaced by its mean over a set of
            images; replaced by that of another image.
        factor: The factor of ``scale``.
    """

    kind: str
    factor: float = 1.0


def edited(
    latent: np.ndarray, edits: Mapping[int, Edit], *, means: np.ndarray, other: np.ndarray
) -> np.ndarray:
    """A latent with some of its channels changed.

    Args:
        latent: (h, w, c), or (n,) whose numbers are channels.
        edits: The changes by channel, counted from 0.
        means: Mean of every channel over a set of images, (c,) or (n,).
        other: The latent of another image.

    Returns:
        A new array.

    Example:
        >>> latent, other = np.array([1.0, 2.0, 3.0]), np.array([9.0, 9.0, 9.0])
        >>> edited(latent, {0: Edit("mute"), 2: Edit("swap")}, means=other, other=other)
        array([0., 2., 9.])
    """
    result = latent.copy()
    for channel, edit in edits.items():
        if edit.kind == MUTE:
            result[..., channel] = 0
        elif edit.kind == SCALE:
            result[..., channel] *= edit.factor
        elif edit.kind == MEAN:
            result[..., channel] = means[channel]
        elif edit.kind == SWAP:
            result[..., channel] = other[..., channel]
    return result


def channel_means(latents: np.ndarray) -> np.ndarray:
    """Mean of every channel over images and places: (N, h, w, c) -> (c,), (N, n) -> (n,)."""
    return latents.mean(axis=tuple(range(latents.ndim - 1)))


def rounded(latent: np.ndarray, bits: int) -> np.ndarray:
    """A latent whose numbers are rounded to 2^bits levels, evenly from the smallest to the largest.

    Args:
        latent: Any shape.
        bits: Bits a number, at least 1.

    Example:
        >>> rounded(np.array([0.0, 0.2, 0.6, 1.0]), 1)
        array([0., 0., 1., 1.])
    """
    low, high = latent.min(), latent.max()
    if low == high:
        return latent.copy()
    step = (high - low) / (2**bits - 1)
    return low + np.round((latent - low) / step) * step


def channel_costs(network: InspectedNetwork, encoded: Encoded) -> np.ndarray:
    """The error that setting each channel to 0 costs.

    Args:
        network: The network.
        encoded: One image.

    Returns:
        Mean squared error of the output with the channel muted minus that without, one a channel,
        float64. Below 0 where the image is better without it.
    """
    latent = encoded.latents[0]
    channels = latent.shape[-1]
    errors = [_errors(network, encoded, encoded.latents)]
    for start in range(0, channels, _AT_ONCE):
        muted = np.repeat(latent[np.newaxis], min(_AT_ONCE, channels - start), axis=0)
        for place, variant in enumerate(muted):
            variant[..., start + place] = 0
        errors.append(_errors(network, encoded, muted))
    return np.concatenate(errors[1:]) - errors[0]


def _errors(network: InspectedNetwork, encoded: Encoded, latents: np.ndarray) -> np.ndarray:
    """Mean squared error of the image that each latent gives, (N,)."""
    images = network.decode(encoded.with_latents(latents))
    return np.square(images - encoded.images, dtype=np.float64).mean(axis=(1, 2, 3))
