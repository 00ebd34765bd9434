"""Numbers and counts as text, in one form wherever they are read."""

from __future__ import annotations

import math
import re
from decimal import Decimal

MSE_DECIMALS, PSNR_DECIMALS, SSIM_DECIMALS = 6, 2, 3


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """A number with its noun, in the singular for one.

    Args:
        number: The number; "no" is written for 0.
        noun: The noun for one.
        nouns: The noun for several; by default with an s.

    Example:
        >>> counted(1, "epoch"), counted(1200, "image"), counted(0, "box", "boxes")
        ('1 epoch', '1,200 images', 'no boxes')
    """
    if number == 1:
        return f"1 {noun}"
    return f"{f'{number:,}' if number else 'no'} {nouns or f'{noun}s'}"


def format_mse(error: float) -> str:
    """A mean squared or absolute error of images in [0, 1].

    Example:
        >>> format_mse(0.00512345)
        '0.005123'
    """
    return f"{error:.{MSE_DECIMALS}f}"


def format_psnr(decibels: float) -> str:
    """A peak signal-to-noise ratio; equal images have an infinite one.

    Example:
        >>> format_psnr(27.3456), format_psnr(float("inf"))
        ('27.35 dB', '∞ dB')
    """
    return "∞ dB" if math.isinf(decibels) else f"{decibels:.{PSNR_DECIMALS}f} dB"


def true_minus(text: str) -> str:
    """A text with a minus before its negative numbers in place of a hyphen.

    Example:
        >>> true_minus("-0.63, interval -0.79 to -0.40; sigma 0-0.4")
        '−0.63, interval −0.79 to −0.40; sigma 0-0.4'
    """
    return re.sub(r"(?<![\w.)])-(?=\d)", "−", text)


def format_signed(number: float, decimals: int) -> str:
    """A difference with its sign; none where it rounds to nothing.

    Example:
        >>> format_signed(1.236, 2), format_signed(-0.5, 2), format_signed(-0.001, 2)
        ('+1.24', '−0.50', '0.00')
    """
    text = f"{number:+.{decimals}f}"
    return true_minus(text) if float(text) else text[1:]


def format_number(number: float, digits: int = 3) -> str:
    """A number of any size without an exponent: a whole one in full, others in a few digits.

    Example:
        >>> format_number(1024), format_number(1.1643e-05), format_number(-2.0496)
        ('1,024', '0.0000116', '−2.05')
    """
    if not math.isfinite(number):
        return true_minus(f"{number:g}".replace("inf", "∞"))
    is_whole = number == int(number) and abs(number) < 1e15
    return true_minus(f"{Decimal(int(number)) if is_whole else Decimal(f'{number:.{digits}g}'):,f}")


def format_ssim(similarity: float) -> str:
    """A structural similarity.

    Example:
        >>> format_ssim(0.91249)
        '0.912'
    """
    return f"{similarity:.{SSIM_DECIMALS}f}"


def format_duration(seconds: float) -> str:
    """A duration in the two units that say most.

    Example:
        >>> format_duration(0.0123), format_duration(3.21), format_duration(8), format_duration(125)
        ('12 ms', '3.2 s', '8 s', '2 min 05 s')
        >>> format_duration(7380)
        '2 h 03 min'
    """
    if 0 < seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 10:
        return f"{round(seconds, 1):g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


def format_size(*sides: int) -> str:
    """The sides of an image, a window or a matrix.

    Shapes of tensors are written as in the notation: 8x8x16.

    Example:
        >>> format_size(1200, 800), format_size(3, 3)
        ('1,200 × 800', '3 × 3')
    """
    return " × ".join(f"{side:,}" for side in sides)


def format_days(days: float) -> str:
    """A time in days, of which parts can be given.

    Example:
        >>> format_days(1), format_days(30.0), format_days(0.5)
        ('1 day', '30 days', '0.5 days')
    """
    return f"{days:g} day{'' if days == 1 else 's'}"


def format_bytes(size: float) -> str:
    """A size in memory or on disk, 1 MB being a million bytes.

    Example:
        >>> format_bytes(1), format_bytes(3_072), format_bytes(905_400_000), format_bytes(2.5e9)
        ('1 byte', '3.1 kB', '905 MB', '2.5 GB')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= limit:
            return f"{size / limit:,.{0 if size >= 100 * limit else 1}f} {unit}"
    return counted(round(size), "byte")


def format_share(share: float, decimals: int = 0) -> str:
    """A part of 1 as a percentage.

    Example:
        >>> format_share(0.307), format_share(0.0012, 1)
        ('31 %', '0.1 %')
    """
    return f"{100 * share:.{decimals}f} %"


def format_sigma(sigma: float) -> str:
    """A standard deviation of noise, in grey levels and for images in [0, 1].

    Example:
        >>> format_sigma(25 / 255), format_sigma(0.3)
        ('25/255 = 0.098', '76.5/255 = 0.300')
    """
    return f"{255 * sigma:.3g}/255 = {sigma:.3f}"
