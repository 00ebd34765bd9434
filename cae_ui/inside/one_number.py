"""One number of a layer written out: patch times kernel, the sum, the activation."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cae_core.architecture.report import Row
from cae_core.inspection.arithmetic import Arithmetic, arithmetic_of
from cae_core.inspection.network import InspectedNetwork
from cae_ui.inside.colors import signed_colors, text_color

MOST_PATCHES = 3  # channels of the input that are written out
MOST_NUMBERS = 8  # numbers of a vector
WIDEST = 5  # weights a side that are written out

_STYLE = """
<style>
.cae-sum { display: flex; flex-wrap: wrap; align-items: center; gap: 0.4rem 0.6rem;
  font-size: 0.8rem; font-variant-numeric: tabular-nums; padding-bottom: 0.5rem; }
.cae-sum .of { min-width: 5.5rem; opacity: 0.8; }
.cae-sum table { border-collapse: collapse; }
.cae-sum td { padding: 0.1rem 0.3rem; text-align: right; }
</style>
"""


def show_one_number(
    network: InspectedNetwork, activations: list[np.ndarray], row: Row, place: tuple[int, ...]
) -> None:
    """The arithmetic of one number, and beside it the number that the network has."""
    value = float(activations[row.index][place])
    where = ", ".join(str(each) for each in place)
    st.markdown(f"**The number at ({where}) is {signed(value)}**")
    arithmetic = arithmetic_of(network, activations, row.index, place)
    if arithmetic is None:
        st.caption(
            f"`{row.token}` only moves numbers, or is made of several layers: nothing to write out "
            "in one line."
        )
        return
    st.html(_STYLE + _written_out(arithmetic))
    st.markdown(_sentence(arithmetic))


def _written_out(arithmetic: Arithmetic) -> str:
    """Patches beside kernels, those that matter most, as HTML."""
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
        lines = [
            _line(f"input channel {each}", _product(patch, weights, each), signed(sums[each]))
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
    colors = signed_colors(numbers, float(np.abs(numbers).max()))
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="background:rgb({",".join(map(str, color))});color:{text_color(color)}">'
            f"{signed(number)}</td>"
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
    products = signed(arithmetic.total - arithmetic.bias)
    steps = f"Products {products}"
    if arithmetic.bias:
        steps += f", with the bias {signed(arithmetic.bias)}: {signed(arithmetic.total)}"
    if arithmetic.activation != "linear":
        steps += f", through {arithmetic.activation}"
    return f"{steps}: **{signed(arithmetic.value)}**."


def signed(number: float) -> str:
    """A number in few characters, with a true minus sign.

    Example:
        >>> signed(-0.123), signed(0.0), signed(1234.5)
        ('−0.123', '0', '1.23e+03')
    """
    text = f"{number:.3g}"
    return "0" if float(text) == 0 else text.replace("-", "−", 1)
