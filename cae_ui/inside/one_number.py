"""One number of a layer written out: patch times kernel, the sum, the activation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import streamlit as st

from cae_core.inspection.arithmetic import Arithmetic
from cae_ui.inside.colors import signed_colors, text_color
from cae_ui.inside.digits import signed

MOST_PATCHES = 3  # channels of the input that are written out
MOST_NUMBERS = 8  # numbers of a vector
WIDEST = 5  # weights a side that are written out
COLORS = ("red", "green", "blue")

_STYLE = """
<style>
.cae-sum { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 0.6rem;
  font-size: 0.8rem; font-variant-numeric: tabular-nums; padding-bottom: 0.5rem; }
.cae-sum .of { min-width: 5.5rem; opacity: 0.8; }
@media (max-width: 40rem) { .cae-sum .of { flex-basis: 100%; } .cae-sum { font-size: 0.7rem; } }
.cae-sum table { border-collapse: collapse; }
.cae-sum td { padding: 0.1rem 0.3rem; text-align: right; }
</style>
"""


def show_one_number(
    value: float, place: tuple[int, ...], arithmetic: Arithmetic | None, *, reads_image: bool
) -> None:
    """The arithmetic of one number.

    Args:
        value: The number that the network has.
        place: Its row, column and channel, or its position in a vector.
        arithmetic: How it comes about; None where that is not one sum.
        reads_image: Whether the layer reads the network's input itself.
    """
    where = ", ".join(str(each) for each in place)
    st.header(f"The number at ({where}) is {signed(value)}", anchor=False)
    if arithmetic is None:
        st.caption(
            "This layer only moves numbers, or is made of several layers: nothing to write out "
            "in one line."
        )
        return
    is_color = reads_image and arithmetic.patch.shape[-1] == 3
    st.html(_STYLE + _written_out(arithmetic, COLORS if is_color else ()))
    st.markdown(_sentence(arithmetic))


def _written_out(arithmetic: Arithmetic, names: Sequence[str]) -> str:
    """Patches beside kernels, those that matter most, as HTML.

    Args:
        arithmetic: What is written out.
        names: Names of the input's channels; empty where they have none.
    """
    patch, weights = arithmetic.patch, arithmetic.weights
    if weights is None:
        return _line("largest of", _table(patch[..., 0]))
    products = patch * weights
    if patch.ndim == 1:
        order = np.argsort(-np.abs(products), kind="stable")[:MOST_NUMBERS]
        lines = [
            _line(
                f"number {each}" if len(products) > 2 else "",
                f"<span>{signed(patch[each])} × {signed(weights[each])}</span>",
                signed(products[each]),
            )
            for each in order
        ]
        rest = products.sum() - products[order].sum()
        count = len(products) - len(order)
    else:
        sums = products.sum(axis=(0, 1))
        order = np.argsort(-np.abs(sums), kind="stable")[:MOST_PATCHES]
        if len(sums) <= MOST_PATCHES:
            order = np.arange(len(sums))
        lines = [
            _line(
                names[each] if names else f"input channel {each}",
                _product(patch, weights, each),
                signed(sums[each]),
            )
            for each in order
        ]
        rest = sums.sum() - sums[order].sum()
        count = len(sums) - len(order)
    if count:
        lines.append(_line(f"{count:,} others", "", signed(rest)))
    return "".join(lines)


def _product(patch: np.ndarray, weights: np.ndarray, channel: int) -> str:
    """One channel's patch times its kernel; a wide one without its numbers."""
    if max(patch.shape[:2]) > WIDEST:
        return f"<span>sum of {patch.shape[0] * patch.shape[1]} products</span>"
    return f"{_table(patch[..., channel])}<span>×</span>{_table(weights[..., channel])}"


def _line(of: str, product: str, value: str | None = None) -> str:
    """One summand: what it is of, the product, and what that is."""
    equals = "" if value is None else f"<span>= <b>{value}</b></span>"
    return f'<div class="cae-sum"><span class="of">{of}</span>{product}{equals}</div>'


def _table(numbers: np.ndarray) -> str:
    """Numbers as a table, each on its colour."""
    limit = float(np.abs(numbers).max())
    colors = signed_colors(numbers, limit)
    decimals = _decimals(limit)
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="background:rgb({",".join(map(str, color))});color:{text_color(color)}">'
            f"{signed(number, decimals)}</td>"
            for number, color in zip(line, line_colors, strict=True)
        )
        + "</tr>"
        for line, line_colors in zip(numbers, colors, strict=True)
    )
    return f"<table>{rows}</table>"


def _sentence(arithmetic: Arithmetic) -> str:
    """From the sum to the number."""
    if arithmetic.weights is None:
        return f"The largest is **{signed(arithmetic.value)}**."
    parts = (arithmetic.total - arithmetic.bias, abs(arithmetic.bias), arithmetic.total)
    decimals = _decimals(max(map(abs, parts))) + 1  # so that the sum is seen to be one
    products, bias, total = (signed(part, decimals) for part in parts)
    steps = f"Sum of products: {products}"
    if arithmetic.bias:
        steps += (
            f"; with the bias {products} {'−' if arithmetic.bias < 0 else '+'} {bias} = {total}"
        )
    if arithmetic.activation == "linear":
        return f"{steps}. So the number is **{signed(arithmetic.value)}**."
    return f"{steps}; {arithmetic.activation}({total}) = **{signed(arithmetic.value)}**."


def _decimals(limit: float) -> int:
    """Decimals with which the largest of some numbers has three digits."""
    return 3 if limit == 0 else min(max(2 - math.floor(math.log10(limit)), 0), 6)
