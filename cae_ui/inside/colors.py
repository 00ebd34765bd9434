"""Colours of numbers below and above zero: dark at zero, blue below, amber above."""

from __future__ import annotations

import numpy as np

from cae_ui.inside.digits import signed

# Shares of the limit, and their red, green and blue.
_ANCHORS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
_COLORS = np.array(
    [[186, 230, 253], [14, 165, 233], [15, 23, 42], [217, 119, 6], [254, 243, 199]], np.float64
)


def signed_colors(values: np.ndarray, limit: float) -> np.ndarray:
    """Numbers as colours.

    Args:
        values: Any shape.
        limit: The number whose colour is the brightest; that of its negative is the other end's.

    Returns:
        uint8 (..., 3).

    Example:
        >>> signed_colors(np.array([0.0, 2.0]), limit=2.0)
        array([[ 15,  23,  42],
               [254, 243, 199]], dtype=uint8)
    """
    shares = np.clip(np.asarray(values, np.float64) / (limit or 1.0), -1, 1)
    channels = [np.interp(shares, _ANCHORS, _COLORS[:, channel]) for channel in range(3)]
    return np.round(np.stack(channels, axis=-1)).astype(np.uint8)


def text_color(color: np.ndarray) -> str:
    """Black or white: whichever has more contrast with a colour of values up to 255."""
    linear = ((color / 255 + 0.055) / 1.055) ** 2.4  # of sRGB, near enough below 0.04 too
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    return "black" if luminance > 0.179 else "white"


def scale_legend(limit: float, is_signed: bool) -> str:
    """The scale of the colours as HTML: its ends and zero."""
    colors = _COLORS if is_signed else _COLORS[2:]
    stops = ", ".join("rgb({:.0f} {:.0f} {:.0f})".format(*color) for color in colors)
    ends = [signed(-limit), "0", signed(limit)] if is_signed else ["0", signed(limit)]
    numbers = "".join(f"<span>{end}</span>" for end in ends)
    return (
        '<div style="max-width:18rem;font-size:0.8rem;font-variant-numeric:tabular-nums">'
        f'<div style="height:0.75rem;border-radius:2px;background:linear-gradient(90deg, {stops})">'
        f'</div><div style="display:flex;justify-content:space-between">{numbers}</div></div>'
    )
