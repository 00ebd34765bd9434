"""Charts of a sweep: latent size against error, and every training as a line through its values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from cae_core.studies.effects import Effect, Measured, values_of
from cae_core.studies.plan import FACTORS, Value, setting_text
from cae_ui.common.charts import AMBER, COLORS, GREY, TEAL, Points, framed
from cae_ui.common.wording import plain_html

STUDY_FACTOR = "varies"  # of the stored study, whose networks are no grid
_LONGEST = 18  # characters of a value on an axis
_LONGEST_LEFT = 32  # on the first one, which has room beside it


def sweep_points(trainings: Sequence[Measured]) -> list[Points]:
    """The trainings as points of latent size and test error, a colour a value of what varies first.

    Args:
        trainings: Trainings with their results.
    """
    groups: dict[str, list[Measured]] = {}
    first = next(iter(varying(trainings)), None)
    for each in trainings:
        name = "Trainings" if first is None else _short(f"{title(first)} {each.setting[first]}")
        groups.setdefault(name, []).append(each)
    if len(groups) > len(COLORS):
        groups = {"Trainings": list(trainings)}
    return [
        Points(
            name,
            sizes=[result.latent_size for _, result in group],
            errors=[result.mse for _, result in group],
            labels=[f"{setting_text(s) or r.network}, seed {r.seed}" for s, r in group],
            marker={"size": 9, "color": color, "opacity": 0.75},
        )
        for (name, group), color in zip(groups.items(), COLORS, strict=False)
    ]


def varying(trainings: Sequence[Measured]) -> dict[str, list[Value]]:
    """The values of the factors that have more than one among the trainings."""
    return {name: each for name, each in values_of(trainings).items() if len(each) > 1}


def title(name: str) -> str:
    """A factor's name on the page."""
    return FACTORS[name].title if name in FACTORS else name.capitalize()


def parallel_figure(trainings: Sequence[Measured]) -> go.Figure:
    """Every training as a line through its settings, its latent size and its error.

    Args:
        trainings: Trainings with their results, at least one.
    """
    dimensions = [
        _dimension(
            title(name),
            [setting[name] for setting, _ in trainings],
            values,
            _LONGEST if place else _LONGEST_LEFT,
        )
        for place, (name, values) in enumerate(varying(trainings).items())
    ]
    results = [result for _, result in trainings]
    logarithms = [math.log10(result.mse) for result in results]
    if "latent" not in varying(trainings):  # its axis would say the same
        dimensions.append(_logarithmic("Latent size", [result.latent_size for result in results]))
    dimensions.append(_logarithmic("Test MSE", [result.mse for result in results]))
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            # Both colours stand out from a light and a dark page.
            line={"color": logarithms, "colorscale": [[0, TEAL], [1, AMBER]]},
            labelfont={"size": 13},
            tickfont={"size": 10},
            unselected={"line": {"color": GREY, "opacity": 0.15}},
        )
    )
    left = max(len(text) for text in dimensions[0]["ticktext"])
    return figure.update_layout(
        height=340, margin={"l": max(32, 8 + 5 * left), "r": 32, "t": 48, "b": 16}
    )


def _dimension(
    label: str, column: list[Value], values: list[Value], longest: int
) -> dict[str, Any]:
    """An axis whose values stand at equal distances, numbers in their order."""
    if all(not isinstance(value, str) for value in values):
        values = sorted(values)
    return {
        "label": plain_html(label),
        "values": [values.index(value) for value in column],
        "tickvals": list(range(len(values))),
        "ticktext": [plain_html(_short(str(value), longest)) for value in values],
        "range": [-0.1, len(values) - 0.9],
    }


def _logarithmic(label: str, values: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis with ticks at 1, 2 and 5 times powers of ten, or at its ends."""
    logarithms = [math.log10(value) for value in values]
    low, high = min(logarithms), max(logarithms)
    margin = 0.05 * (high - low) or 0.01
    powers = range(math.floor(low), math.ceil(high) + 1)
    ticks = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    ticks = [tick for tick in ticks if low - margin <= math.log10(tick) <= high + margin]
    if len(ticks) < 2:
        ticks = list(dict.fromkeys((min(values), max(values))))
    return {
        "label": label,
        "values": logarithms,
        "tickvals": [math.log10(tick) for tick in ticks],
        "ticktext": [f"{tick:,.0f}" if tick >= 1 else f"{tick:.4g}" for tick in ticks],
        "range": [low - margin, high + margin],
    }


def effects_figure(found: Sequence[Effect]) -> go.Figure:
    """The effect of every value as a point with its interval; 1 is no effect.

    Args:
        found: The effects, at least one.
    """
    names = [
        f"{title(e.factor)} {_short(str(e.value))} (not {_short(str(e.first))})" for e in found
    ]
    ratios = [effect.ratio for effect in found]
    means = [ratio.mean for ratio in ratios]
    ends = [end or ratio.mean for ratio in ratios for end in (ratio.low, ratio.high)]
    # Two seeds that disagree make an interval in which all else would be one point.
    low, high = max(min(ends), 0.5 * min(means)), min(max(ends), 2 * max(means))
    figure = go.Figure(
        go.Scatter(
            x=means,
            y=names,
            mode="markers",
            marker={"size": 10, "color": TEAL},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [(ratio.high or ratio.mean) - ratio.mean for ratio in ratios],
                "arrayminus": [ratio.mean - (ratio.low or ratio.mean) for ratio in ratios],
                "color": TEAL,
            },
            text=[str(ratio) for ratio in ratios],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.add_vline(x=1, line={"color": GREY, "dash": "dot"})
    return framed(
        figure,
        height=90 + 32 * len(found),
        xaxis={
            "title": "Error, times that of the first value",
            "tickformat": ".2~f",
            "range": [min(0.9, low) - 0.02, max(1.1, high) + 0.02],
        },
        yaxis={"autorange": "reversed", "automargin": True},
        showlegend=False,
    )


def _short(text: str, longest: int = _LONGEST) -> str:
    """A text that has room on an axis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
