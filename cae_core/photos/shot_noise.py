"""Shot noise off an image, by any denoiser for Gaussian noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_OFFSET = 3 / 8
_ROWS_AT_ONCE = 256


def denoise_shot_noise(
    image: np.ndarray,
    photons: float,
    denoise: Callable[[np.ndarray, float], np.ndarray],
    *,
    overwrite: bool = False,
) -> np.ndarray:
    """Makes shot noise Gaussian by Anscombe's transform, has it removed, and transforms back.

    The root of a count of photons has nearly the same noise at every brightness.

    Args:
        image: float32 (H, W) or (H, W, C), about [0, 1], beyond which noise may reach.
        photons: Mean number of photons in a white pixel.
        denoise: Function that takes noise of a sigma off an image, both in units of [0, 1].
        overwrite: Lets the transformed image take the memory of the image.

    Returns:
        float32 in [0, 1], of the image's shape.

    Source: Anscombe, "The Transformation of Poisson, Binomial and Negative-Binomial Data",
    Biometrika 1948; its inverse by Mäkitalo & Foi, "A Closed-Form Approximation of the Exact
    Unbiased Inverse of the Anscombe Variance-Stabilizing Transformation", IEEE TIP 2011.

    Example:
        >>> grey = np.full((4, 4), 0.5, np.float32)
        >>> same = denoise_shot_noise(grey, 200, lambda image, sigma: image)
        >>> bool(np.abs(same - 0.5).max() < 0.01)
        True
    """
    root = image if overwrite else np.empty_like(image)
    white = 2 * np.sqrt(photons + _OFFSET)  # of the transform, where noise has sigma 1
    for top in range(0, len(image), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        root[rows] = 2 / white * np.sqrt(np.maximum(photons * image[rows], 0) + _OFFSET)
    result = denoise(root, float(1 / white))
    for top in range(0, len(image), _ROWS_AT_ONCE):
        rows = slice(top, top + _ROWS_AT_ONCE)
        result[rows] = _inverse(white * result[rows]) / photons
    return np.clip(result, 0.0, 1.0, out=result)


def _inverse(transformed: np.ndarray) -> np.ndarray:
    """The count whose transform has that mean."""
    value = np.maximum(transformed, 2 * np.sqrt(_OFFSET))
    root = np.sqrt(1.5)
    return value**2 / 4 + root / 4 / value - 11 / 8 / value**2 + 5 / 8 * root / value**3 - 1 / 8
