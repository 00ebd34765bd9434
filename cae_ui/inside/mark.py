"""A ring around a place of a chart, which moves without the chart being drawn anew."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_component = st.components.v2.component(
    "cae_mark",
    html="<div></div>",
    js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
)


def show_mark(chart: str, x: float, y: float) -> None:
    """Draws a ring on a chart.

    A shape of Plotly's would be part of the figure, which takes the browser a third of a second to
    draw again where it has many points and images.

    Args:
        chart: Key of the chart.
        x: The place on its horizontal axis.
        y: The place on its vertical axis.
    """
    _component(data={"chart": chart, "x": x, "y": y}, key=f"{chart}-mark")
