"""Calculations with their numbers put in, as text and typeset."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from cae_core.formats import format_size

Shape = tuple[int, ...]

# Unicode as the text has it -> LaTeX.
_SYMBOLS = {
    "⌈": r"\left\lceil ",
    "⌉": r" \right\rceil",
    "⌊": r"\left\lfloor ",
    "⌋": r" \right\rfloor",
    "(": r"\left(",
    ")": r"\right)",
    "²": "^2",
    "−": "-",
    "·": r" \cdot ",
    "×": r" \times ",
}


class Symbol(NamedTuple):
    """A letter of a formula, its value in one layer, and its meaning."""

    letter: str
    value: str
    meaning: str


@dataclass(frozen=True)
class Formula:
    r"""A calculation with its numbers put in.

    Attributes:
        text: One line of Unicode, for example ``⌈32 / 2⌉ = 16, so 16 × 16 × 8 = 2,048``.
        general: The same with letters, for example ``⌈W / S⌉``; empty where there is none.
        symbols: The letters of `general`.

    Example:
        >>> print(Formula("4 · 3 + max(3 − 2, 0) = 13").latex)
        4 \cdot 3 + \max\left(3 - 2, 0\right) = 13
    """

    text: str
    general: str = ""
    symbols: tuple[Symbol, ...] = ()

    @property
    def latex(self) -> str:
        """The text typeset; several steps stand one below the other, to fit a narrow column."""
        # A step ends at ", so " and before the first "=" of a chain "a = b = c".
        lines = [_latex(line) for line in re.split(r", so | (?== (?:(?!, ).)* = )", self.text)]
        if len(lines) == 1:
            return lines[0]
        return r"\begin{gathered} " + r" \\ ".join(lines) + r" \end{gathered}"


def _latex(text: str) -> str:
    """One step in LaTeX."""
    text = re.sub(r"(?<=\d)x(?=\d)", "×", text)
    # Words are text; a function's name is followed by its bracket.
    text = re.sub(r" ?[a-z][a-z:, ]*(?![a-z(])", r"\\text{\g<0>}", text)
    text = text.replace("max(", r"\max(")
    text = re.sub(r"(\([^()]*\)|\d+) ?/ ?(\d+)", _fraction, text)
    text = re.sub(r"(?<=\d),(?=\d{3})", "{,}", text)
    for symbol, typeset in _SYMBOLS.items():
        text = text.replace(symbol, typeset)
    return re.sub(" +", " ", text)


def _fraction(match: re.Match[str]) -> str:
    """A quotient as a fraction, which needs no brackets."""
    return rf"\frac{{{match[1].strip('()')}}}{{{match[2]}}}"


def format_shape(shape: Shape) -> str:
    """A shape as the notation writes it.

    Example:
        >>> format_shape((8, 8, 16))
        '8x8x16'
    """
    return "x".join(map(str, shape))


def product(shape: Shape) -> str:
    """The sides of a shape multiplied.

    Example:
        >>> product((8, 8, 16))
        '8 × 8 × 16'
    """
    return format_size(*shape)


def input_side(shape: Shape) -> Symbol:
    """The letter W of a layer on a map (H, W, C)."""
    height, width, _ = shape
    return Symbol("W", str(width) if height == width else f"{height}, {width}", "side of the input")


def size_formula(
    shape: Shape,
    out: Shape,
    side: Callable[[int], str],
    general: str = "",
    *symbols: Symbol,
) -> Formula:
    """A map's new height and width, and its size; the sides apart where they differ.

    Args:
        shape: (H, W, C) before.
        out: (H', W', C') after.
        side: Writes the calculation of one side.
        general: The calculation of a side W with letters.
        *symbols: Letters but W; those that `general` has are kept.

    Example:
        >>> size_formula((4, 6, 3), (8, 12, 3), lambda side: f"{side} · 2").text
        'height 4 · 2 = 8, width 6 · 2 = 12, so 8 × 12 × 3 = 288'
    """
    names = ("",) if shape[0] == shape[1] else ("height ", "width ")
    sides = ", ".join(
        f"{name}{side(before)} = {after}"
        for name, before, after in zip(names, shape, out, strict=False)
    )
    letters = tuple(x for x in (input_side(shape), *symbols) if x.letter in general)
    return Formula(f"{sides}, so {product(out)} = {math.prod(out):,}", general, letters)
