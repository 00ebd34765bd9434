"""sRGB and CIE L*a*b* inside a training graph, written with `keras.ops`.

L* is lightness from 0 to 100; a* and b* are chrominance, about -110 to 110. Illuminant D65,
2-degree observer, as in scikit-image. Importing this module imports Keras.

Source: IEC 61966-2-1 (sRGB); CIE 15 (L*a*b*); matrix and white point as published by Bruce
Lindbloom.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from cae_core.images.color import RGB_FROM_XYZ, WHITE, XYZ_FROM_RGB

_LINEAR_BELOW = 0.008856
# Below this a power's slope is too steep for a gradient.
_TINY = 1e-6


def lab_from_rgb(rgb: Any) -> Any:
    """Converts sRGB to L*a*b*.

    Args:
        rgb: Tensor (..., 3) in [0, 1].

    Returns:
        Tensor (..., 3): L* in 0..100, a* and b*.

    Example:
        >>> [round(float(x), 2) for x in lab_from_rgb(ops.array([1.0, 0.0, 0.0]))]
        [53.24, 80.09, 67.2]
    """
    linear = ops.where(
        rgb > 0.04045, ops.power((ops.maximum(rgb, 0.04045) + 0.055) / 1.055, 2.4), rgb / 12.92
    )
    xyz = ops.matmul(linear, XYZ_FROM_RGB.T) / WHITE
    root = ops.where(
        xyz > _LINEAR_BELOW,
        ops.power(ops.maximum(xyz, _LINEAR_BELOW), 1 / 3),
        7.787 * xyz + 16 / 116,
    )
    x, y, z = root[..., 0], root[..., 1], root[..., 2]
    return ops.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb_from_lab(lab: Any) -> Any:
    """L*a*b* -> sRGB; colours that sRGB does not have come out below 0 or above 1.

    Args:
        lab: Tensor (..., 3): L* in 0..100, a* and b*.

    Returns:
        Tensor (..., 3); in [0, 1] where sRGB has the colour.

    Example:
        >>> red = ops.array([53.2408, 80.0925, 67.2032])
        >>> [round(float(x), 3) + 0.0 for x in rgb_from_lab(red)]
        [1.0, 0.0, 0.0]
    """
    y = (lab[..., 0] + 16) / 116
    root = ops.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    xyz = ops.where(root > _LINEAR_BELOW ** (1 / 3), ops.power(root, 3), (root - 16 / 116) / 7.787)
    linear = ops.matmul(xyz * WHITE, RGB_FROM_XYZ.T)
    return ops.where(
        linear > 0.0031308,
        1.055 * ops.power(ops.maximum(linear, _TINY), 1 / 2.4) - 0.055,
        12.92 * linear,
    )
