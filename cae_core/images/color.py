"""Lightness of images, and sRGB for any lightness and chrominance, on NumPy arrays.

Where sRGB has no such colour, chroma is reduced along constant lightness and hue. Cutting the
channels to [0, 1], as usual, would change lightness and hue instead. The same formulas as
`cae_core.images.color_ops`, in float32 and by rows, so that 12 megapixels are no trouble.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

# Illuminant D65, 2-degree observer, as in scikit-image. Source: IEC 61966-2-1; matrix and white
# point as published by Bruce Lindbloom.
XYZ_FROM_RGB = np.array(
    [
        [0.412453, 0.357580, 0.180423],
        [0.212671, 0.715160, 0.072169],
        [0.019334, 0.119193, 0.950227],
    ],
    np.float32,
)
RGB_FROM_XYZ = np.linalg.inv(XYZ_FROM_RGB.astype(np.float64)).astype(np.float32)
WHITE = np.array([0.95047, 1.0, 1.08883], np.float32)

# Pixels that are worked on at once: what stays in a processor's cache.
_PIXELS_AT_ONCE = 1 << 17
_THREADS = 2
# Halvings of the interval that the largest chroma is searched in: to 1/4096 of what it was.
_HALVINGS = 12
# How far below 0 and above 1 rounding alone may bring a channel: the white point's digits, and a
# hundredth of L*, which near black is little light.
_BELOW, _ABOVE = 1e-5, 1e-4


def lightness_of(image: np.ndarray) -> np.ndarray:
    """CIE L* of an image.

    Args:
        image: float32 (H, W, 3), sRGB in [0, 1].

    Returns:
        float32 (H, W), from 0 to 100.

    Example:
        >>> lightness_of(np.array([[[1.0, 0.0, 0.0]]], np.float32)).round(2)
        array([[53.24]], dtype=float32)
    """
    height, width = image.shape[:2]
    lightness = np.empty((height, width), np.float32)

    def convert(rows: slice) -> None:
        luminance = _linear(image[rows]) @ XYZ_FROM_RGB[1]
        lightness[rows] = 116 * _root(luminance) - 16

    _by_rows(convert, height, width)
    return lightness


def rgb_within_gamut(lightness: np.ndarray, ab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sRGB image with this lightness, this hue, and as much of the chroma as sRGB has.

    Args:
        lightness: float32 (H, W), L* from 0 to 100.
        ab: float32 (H, W, 2), a* and b*.

    Returns:
        float32 (H, W, 3) in [0, 1], and bool (H, W): where chroma had to be reduced.

    Example:
        >>> rgb, was_reduced = rgb_within_gamut(
        ...     np.full((1, 1), 50, np.float32), np.full((1, 1, 2), 100, np.float32))
        >>> bool(was_reduced[0, 0]), lightness_of(rgb).round(1)
        (True, array([[50.]], dtype=float32))
    """
    height, width = lightness.shape
    rgb = np.empty((height, width, 3), np.float32)
    was_reduced = np.empty((height, width), bool)

    def convert(rows: slice) -> None:
        linear = _linear_rgb(lightness[rows], ab[rows])
        outside = ~_is_inside(linear)
        was_reduced[rows] = outside
        if outside.any():
            known, wanted = lightness[rows][outside], ab[rows][outside]
            share = chroma_share_within_gamut(known, wanted)
            linear[outside] = _linear_rgb(known, wanted * share[:, np.newaxis])
        rgb[rows] = srgb_of(np.clip(linear, 0, 1))

    _by_rows(convert, height, width)
    return rgb, was_reduced


def chroma_share_within_gamut(lightness: np.ndarray, ab: np.ndarray) -> np.ndarray:
    """The share of each chroma that sRGB has at its lightness and hue.

    Args:
        lightness: float32 (N,), L* from 0 to 100.
        ab: float32 (N, 2), a* and b*.

    Returns:
        float32 (N,), from 0 to 1, which means that sRGB has the colour.

    Example:
        >>> colors = np.array([[5, 5], [100, 100]], np.float32)
        >>> chroma_share_within_gamut(np.full(2, 50, np.float32), colors).round(2)
        array([1.  , 0.62], dtype=float32)
    """
    low, high = np.zeros_like(lightness), np.ones_like(lightness)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        fits = _is_inside(_linear_rgb(lightness, ab * middle[:, np.newaxis]))
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.where(_is_inside(_linear_rgb(lightness, ab)), np.float32(1), low)


def _by_rows(convert: Callable[[slice], None], height: int, width: int) -> None:
    """Runs a function over slices of rows, two at a time: NumPy's loops leave Python free."""
    step = max(1, _PIXELS_AT_ONCE // max(1, width))
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(convert, [slice(top, top + step) for top in range(0, height, step)]))


def _is_inside(linear: np.ndarray) -> np.ndarray:
    """True where all three channels are in [0, 1]: (..., 3) -> (...)."""
    return np.all((linear >= -_BELOW) & (linear <= 1 + _ABOVE), axis=-1)


def _linear(rgb: np.ndarray) -> np.ndarray:
    """Linear light from sRGB in [0, 1]."""
    return np.where(rgb > 0.04045, ((np.maximum(rgb, 0.04045) + 0.055) / 1.055) ** 2.4, rgb / 12.92)


def srgb_of(linear: np.ndarray) -> np.ndarray:
    """Linear light as sRGB, both in [0, 1]."""
    return np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)


def _root(ratio: np.ndarray) -> np.ndarray:
    """CIE's cube root, a line near 0."""
    return np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)


def _linear_rgb(lightness: np.ndarray, ab: np.ndarray) -> np.ndarray:
    """Linear sRGB, beyond [0, 1] where there is no such colour: (...), (..., 2) -> (..., 3)."""
    y = (lightness + 16) / 116
    root = np.stack([y + ab[..., 0] / 500, y, y - ab[..., 1] / 200], axis=-1)
    xyz = np.where(root > 0.206893, root**3, (root - 16 / 116) / 7.787) * WHITE
    return xyz @ RGB_FROM_XYZ.T
