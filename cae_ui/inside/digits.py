"""Numbers of a network as text: three digits, so that those beside each other look alike."""

from __future__ import annotations


def signed(number: float, decimals: int | None = None) -> str:
    """A number in few characters, with a true minus sign; zero has no sign.

    Args:
        number: The number.
        decimals: How many; by default as many as three digits need.

    Example:
        >>> signed(-0.123), signed(0.1), signed(12), signed(0.0)
        ('−0.123', '0.100', '12.0', '0')
        >>> signed(0.34, 3), signed(-0.0001, 3)
        ('0.340', '0.000')
    """
    if decimals is not None:
        return f"{number:z.{decimals}f}".replace("-", "−", 1)
    if number == 0:
        return "0"
    mantissa, e, exponent = f"{number:#.3g}".partition("e")
    return f"{mantissa.removesuffix('.')}{e}{exponent}".replace("-", "−", 1)
