"""Charts as every page draws them: colours, frame, axes."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

# Whole before the first chart: Plotly would take a module that another visitor's page imports.
import pandas  # type: ignore[import-untyped]  # noqa: F401
import plotly.graph_objects as go
import streamlit as st

from cae_core.export.plots import log_ticks
from cae_core.formats import MSE_DECIMALS, format_number
from cae_core.training.learning_rate import LearningRateTest
from cae_ui.common.wording import plain_html, rate_text

TEAL, AMBER, INDIGO, RED, SKY, GREY = (
    "#0d9488",
    "#d97706",
    "#6366f1",
    "#dc2626",
    "#0284c7",
    "#737373",
)
# All of them stand out from a light and a dark page.
COLORS = (TEAL, AMBER, INDIGO, RED, SKY, GREY, "#5f9a0c", "#d946ef")
TRAINING_COLOR, VALIDATION_COLOR = TEAL, AMBER
LOG_AXIS = {"type": "log", "tickformat": "~g"}
_LEGEND_WIDTH = 48  # characters, which a phone has room for


def framed(
    figure: go.Figure,
    *,
    height: int,
    xaxis: dict[str, Any],
    yaxis: dict[str, Any],
    legend_y: float | None = None,
    **layout: Any,
) -> go.Figure:
    """A figure without margins, with its axes and, where `legend_y` is given, a legend in a row.

    Names and texts of its traces are shown as they stand: a run's name is no HTML. Long names
    take several lines.

    Args:
        figure: The figure, changed in place.
        height: Height in CSS pixels.
        xaxis: Settings of the horizontal axis.
        yaxis: Settings of the vertical axis.
        legend_y: Where the legend ends in parts of the plot: 1 or more over it, below 0 under it.
        **layout: Further settings of the layout.
    """
    if legend_y is not None:
        # It grows away from the plot where a telephone breaks it into lines.
        anchor = "bottom" if legend_y >= 1 else "top"
        layout["legend"] = {"orientation": "h", "y": legend_y, "yanchor": anchor}
    for trace in figure.data:
        if trace.name is not None:
            lines = textwrap.wrap(trace.name, _LEGEND_WIDTH, break_long_words=False)
            trace.name = "<br>".join(map(plain_html, lines))
        for part in ("text", "hovertext"):
            value = getattr(trace, part, None)
            if isinstance(value, str):
                trace[part] = plain_html(value)
            elif value is not None:
                trace[part] = [plain_html(each) for each in value]
    margin = {"l": 0, "r": 0, "t": 8, "b": 0} | layout.pop("margin", {})
    return figure.update_layout(height=height, margin=margin, xaxis=xaxis, yaxis=yaxis, **layout)


def show_chart(
    figure: go.Figure, key: str, on_choose: Callable[[str], object] | None = None
) -> None:
    """A chart without Plotly's tool bar, and its text for a screen reader.

    Args:
        figure: The chart.
        key: Keeps it in place from run to run.
        on_choose: Called, before the page runs, with the `customdata` of a point that was clicked.
    """
    config, text = {"displayModeBar": False}, chart_text(figure)
    if on_choose is None:
        st.plotly_chart(figure, key=key, config=config, alt=text)
        return

    def choose() -> None:
        for point in st.session_state[key].selection.points:
            if "customdata" in point:
                on_choose(point["customdata"])

    # A click marks a point and would make all others pale.
    figure.update_traces(unselected={"marker": {"opacity": 1}}, selector={"type": "scatter"})
    st.plotly_chart(
        figure, key=key, config=config, alt=text, on_select=choose, selection_mode="points"
    )


def chart_text(figure: go.Figure) -> str:
    """A chart in words: its axes, and the ends and limits of every line.

    Example:
        >>> figure = go.Figure(go.Scatter(x=[1, 2, 3], y=[0.9, 0.2, 0.4], name="Training"))
        >>> chart_text(figure.update_layout(xaxis_title="Epoch", yaxis_title="Loss"))
        'Loss against Epoch. Training: 0.9 at 1, 0.4 at 3, least 0.2, greatest 0.9.'
    """
    if figure.data and figure.data[0].type == "parcoords":
        axes = figure.data[0].dimensions
        labels = ", ".join(html.unescape(axis.label) for axis in axes)
        return f"{len(axes[0]['values'])} lines through {labels}."
    names = getattr(figure.data[0], "y", None) if figure.data else None
    if names is not None and _is_text(names):  # a line for each name
        pairs = zip(names, figure.data[0].x, strict=True)
        said = ", ".join(f"{name} {_short(value)}" for name, value in pairs)
        return f"{figure.layout.xaxis.title.text}: {said}."
    across, up = (axis.title.text or "value" for axis in (figure.layout.xaxis, figure.layout.yaxis))
    parts = [f"{html.unescape(up)} against {html.unescape(across)}."]
    for trace in figure.data:
        # A long name in a legend is broken.
        name = f"{html.unescape(trace.name).replace('<br>', ' ')}: " if trace.name else ""
        if trace.type == "histogram":
            parts.append(f"{len(trace.x)} values, {_range(trace.x)}.")
        elif trace.type in ("scatter", "bar") and trace.x is not None and len(trace.x):
            first, last = (f"{_short(trace.y[end])} at {_short(trace.x[end])}" for end in (0, -1))
            parts.append(f"{name}{first}, {last}, {_range(trace.y)}.")
    return " ".join(parts)


def _is_text(values: Sequence[Any]) -> bool:
    """Whether values are labels."""
    return len(values) > 0 and isinstance(values[0], str)


def _range(values: Sequence[Any]) -> str:
    """The least and the greatest of some numbers, those that are missing left out."""
    present = [value for value in values if value is not None and not math.isnan(value)]
    return f"least {_short(min(present))}, greatest {_short(max(present))}" if present else "empty"


def _short(value: object) -> str:
    """A number in a few digits, or a text as it stands."""
    return format_number(float(value)) if isinstance(value, Real) else str(value)


@dataclass(frozen=True)
class Points:
    """Networks of one kind as points of latent size and test error.

    Attributes:
        name: Name in the legend.
        sizes: Numbers in the latent.
        errors: Test MSE.
        labels: Text shown when a point is hovered over.
        marker: Plotly's settings of the points.
        ids: What `show_chart` passes on where a point is clicked.
    """

    name: str
    sizes: Sequence[int | None]
    errors: Sequence[float | None]
    labels: Sequence[str]
    marker: dict[str, Any]
    ids: Sequence[str] | None = None


def latent_size_figure(
    kinds: Sequence[Points], pca: dict[int, float] | None, *, height: int
) -> go.Figure:
    """Numbers in the latent against test MSE, both logarithmic.

    Args:
        kinds: The networks.
        pca: Test MSE of PCA by number of components, drawn as a line.
        height: Height in CSS pixels.
    """
    figure = go.Figure()
    if pca is not None:
        figure.add_trace(
            go.Scatter(
                x=list(pca),
                y=list(pca.values()),
                name="PCA",
                mode="lines",
                line={"color": AMBER, "dash": "dot"},
            )
        )
    for points in kinds:
        figure.add_trace(
            go.Scatter(
                x=points.sizes,
                y=points.errors,
                text=points.labels,
                customdata=points.ids,
                name=points.name,
                mode="markers",
                marker=points.marker,
                hovertemplate="%{text}<br>latent %{x:,}, MSE %{y:."
                f"{MSE_DECIMALS}f}}<extra></extra>",
            )
        )
    sizes = [size for trace in figure.data for size in trace.x]
    errors = [error for trace in figure.data for error in trace.y]
    return framed(
        figure,
        height=height,
        xaxis={
            "title": "Numbers in the latent",
            "type": "log",
            "tickformat": ",",
            **log_range(sizes),
        },
        yaxis={"title": "Test MSE", **LOG_AXIS, **log_range(errors)},
        legend_y=1.02,
    )


def log_range(values: Iterable[float | None]) -> dict[str, Any]:
    """Range and ticks of a logarithmic axis: the ticks stand at 1, 2, 5 or at 1.

    With a small range, as for one point, Plotly writes its ticks over each other.

    Args:
        values: What is drawn; only what has a place on the axis counts.
    """
    powers = [math.log10(value) for value in values if value and 0 < value < math.inf]
    if not powers:
        return {}
    low, high = min(powers) - 0.1, max(powers) + 0.1
    margin = max(0.0, 1.0 - (high - low)) / 2
    low, high = low - margin, high + margin
    return {"range": [low, high], "dtick": "D2" if high - low < 2 else 1}


def loss_axis(title: str, losses: Iterable[float]) -> dict[str, Any]:
    """A logarithmic axis for losses, with few ticks however near or far these are.

    Plotly writes its own over each other where there are many decades.
    """
    powers = [math.log10(loss) for loss in losses if 0 < loss < math.inf]
    axis = {"title": title, **LOG_AXIS}
    if not powers:
        return axis
    room = (max(powers) - min(powers)) / 20 or 0.1
    low, high = min(powers) - room, max(powers) + room
    return {**axis, "range": [low, high], "tickvals": log_ticks(low, high)}


def rate_figure(test: LearningRateTest) -> go.Figure:
    """Smoothed loss against learning rate, both logarithmic, the suggestion marked."""
    figure = go.Figure(
        go.Scatter(
            x=test.rates,
            y=test.losses,
            mode="lines",
            line={"color": TRAINING_COLOR},
            hovertemplate="%{x:.2g}: %{y:.4g}<extra></extra>",
        )
    )
    if test.suggestion is not None:
        # A trace, because Plotly's own vertical line misplaces its text on a logarithmic axis.
        figure.add_trace(
            go.Scatter(
                x=[test.suggestion, test.suggestion],
                y=[min(test.losses), max(test.losses)],
                mode="lines+text",
                text=["", rate_text(test.suggestion)],
                textposition="top center",
                cliponaxis=False,
                line={"color": VALIDATION_COLOR, "dash": "dot"},
                hoverinfo="skip",
            )
        )
    return framed(
        figure,
        height=240,
        margin={"t": 24},
        showlegend=False,
        xaxis={"title": "Learning rate", "type": "log", "dtick": 1, "exponentformat": "power"},
        yaxis={"title": "Smoothed loss", **LOG_AXIS},
    )
