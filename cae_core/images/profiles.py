"""Colour profiles with more than 8 bits: the curves and the matrix of an ICC profile as floats.

littleCMS, which Pillow brings, is given 8 bits a channel. Profiles of greys, and those of RGB with
three curves and a matrix (Adobe RGB, Display P3, ProPhoto RGB and nearly all others), are a few
numbers, and read here. What needs a table is left to littleCMS.

Source: ICC.1:2022, "Image technology colour management".
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from cae_core.images.color import srgb_of

Transform = Callable[[np.ndarray], np.ndarray]

# Linear sRGB from XYZ with the white D50: IEC 61966-2-1, adapted by Bradford's method.
_RGB_FROM_D50 = np.linalg.inv(
    np.array(
        [
            [0.436066, 0.385147, 0.143066],
            [0.222488, 0.716873, 0.060608],
            [0.013916, 0.097076, 0.714096],
        ]
    )
)
# The exponents and constants of a parametric curve, by its kind.
_PARAMETERS = {0: "g", 1: "gab", 2: "gabc", 3: "gabcd", 4: "gabcdef"}
_DAMAGE = (struct.error, IndexError, KeyError, ValueError, ArithmeticError)


def float_transform(profile: bytes, channels: int) -> Transform | None:
    """The conversion from a profile's colours to sRGB.

    Args:
        profile: Content of an ICC profile.
        channels: 1 for greys, 3 for RGB.

    Returns:
        A function of float32 (..., channels) in [0, 1] that gives the same shape in sRGB, cut to
        [0, 1]; None for a profile that is broken, of another kind of colour, or has tables.
    """
    try:
        kind, space, connection = profile[12:16], profile[16:20], profile[20:24]
        tags = _tags(profile)
        is_fit = connection == b"XYZ " and kind in (b"mntr", b"scnr", b"prtr", b"spac")
        if not is_fit or any(name.startswith((b"A2B", b"D2B")) for name in tags):
            return None
        if channels == 1 and space == b"GRAY":
            curve = _curve(tags[b"kTRC"])
            return lambda values: _encoded(curve(values))
        if channels == 3 and space == b"RGB ":
            curves = [_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC")]
            columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
            matrix = (_RGB_FROM_D50 @ np.array(columns).T).astype(np.float32)
            return lambda values: _encoded(_linear(values, curves) @ matrix.T)
    except _DAMAGE:
        pass  # as of a broken profile for 8 bits: the pixels are whole
    return None


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """The content of each tag by its name."""
    (count,) = struct.unpack_from(">L", profile, 128)
    tags = {}
    for index in range(min(count, 100)):
        name, offset, length = struct.unpack_from(">4sLL", profile, 132 + 12 * index)
        tags[name] = profile[offset : offset + length]
    return tags


def _xyz(tag: bytes) -> tuple[float, ...]:
    """The colour of an XYZ tag."""
    return tuple(value / 65536 for value in struct.unpack_from(">3l", tag, 8))


def _curve(tag: bytes) -> Transform:
    """A tone curve, [0, 1] -> [0, 1]."""
    if tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        names = _PARAMETERS[kind]
        numbers = struct.unpack_from(f">{len(names)}l", tag, 12)
        return _parametric(**{name: n / 65536 for name, n in zip(names, numbers, strict=True)})
    if tag[:4] != b"curv":
        raise ValueError(tag[:4])
    (count,) = struct.unpack_from(">L", tag, 8)
    points = np.frombuffer(tag, ">u2", count, 12)
    if count == 0:
        return lambda values: values
    if count == 1:
        return _parametric(g=float(points[0]) / 256)
    heights = points.astype(np.float32) / 65535
    places = np.linspace(0, 1, count, dtype=np.float32)
    return lambda values: np.interp(values, places, heights).astype(np.float32)


def _parametric(
    g: float,
    a: float = 1.0,
    b: float = 0.0,
    c: float | None = None,
    d: float | None = None,
    e: float = 0.0,
    f: float = 0.0,
) -> Transform:
    """(a·x + b)^g, and below d a line; the constants are named as in the standard."""
    if d is None:  # kinds 1 and 2 change where a·x + b is 0
        slope, added, d = 0.0, c or 0.0, -b / a
        e = added
        f = added
    else:
        slope = c or 0.0

    def apply(values: np.ndarray) -> np.ndarray:
        power = np.maximum(a * values + b, 0) ** np.float32(g) + np.float32(e)
        return np.where(values >= d, power, slope * values + f).astype(np.float32)

    return apply


def _linear(values: np.ndarray, curves: list[Transform]) -> np.ndarray:
    """Each channel through its curve."""
    return np.stack([curve(values[..., index]) for index, curve in enumerate(curves)], axis=-1)


def _encoded(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB, cut to [0, 1]."""
    return srgb_of(np.clip(linear, 0, 1)).astype(np.float32)
