"""Plots as SVG, for pages that open without a library and without a connection."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

from cae_core.formats import counted, format_number

WIDTH, HEIGHT = 640, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 44
_COLORS = ("#0f766e", "#d97706", "#6366f1", "#dc2626", "#0284c7", "#64748b", "#65a30d", "#c026d3")
_MOST_TICKS = 6


@dataclass(frozen=True)
class Series:
    """Points of one kind.

    Attributes:
        name: Name in the legend.
        x: Horizontal positions.
        y: Vertical positions; a point that is not finite is left out.
        is_line: True joins the points.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    is_line: bool = True


def plot(
    series: Sequence[Series],
    x_title: str,
    y_title: str,
    *,
    log_x: bool = False,
    log_y: bool = True,
    whole_x: bool = False,
) -> str:
    """A plot as an SVG element, with its numbers' range as text for who cannot see it.

    Args:
        series: What is drawn, each in a colour of its own.
        x_title: Title of the horizontal axis.
        y_title: Title of the vertical axis.
        log_x: Makes the horizontal axis logarithmic.
        log_y: Makes the vertical axis logarithmic.
        whole_x: Numbers the horizontal axis with whole numbers alone, whatever lies between.

    Example:
        >>> plot([Series("loss", [1, 2], [0.1, 0.05])], "Epoch", "Loss").count("<circle")
        2
    """
    points = [list(_drawable(each, log_x, log_y)) for each in series]
    every = [point for each in points for point in each]
    if not every:
        return ""
    across = _Axis.over([x for x, _ in every], log_x, _LEFT, WIDTH - _RIGHT, is_whole=whole_x)
    upward = _Axis.over([y for _, y in every], log_y, HEIGHT - _BOTTOM, _TOP)
    parts = [_grid(across, upward, x_title, y_title)]
    for number, (each, places) in enumerate(zip(series, points, strict=True)):
        color = _COLORS[number % len(_COLORS)]
        drawn = [(across.place(x), upward.place(y)) for x, y in places]
        if each.is_line and len(drawn) > 1:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{color}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in drawn]
    said = "; ".join(
        f"{each.name}: {counted(len(places), 'point')} from {format_number(places[0][1])} to "
        f"{format_number(places[-1][1])}"
        for each, places in zip(series, points, strict=True)
        if places
    )
    label = html.escape(f"{y_title} against {x_title}. {said}.")
    legend = "".join(
        f'<li><span style="background:{_COLORS[number % len(_COLORS)]}"></span>'
        f"{html.escape(each.name)}</li>"
        for number, each in enumerate(series)
    )
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}" '
        f'font-size="12" fill="currentColor">{"".join(parts)}</svg><ul class="legend">{legend}</ul>'
    )


@dataclass(frozen=True)
class _Axis:
    """An axis from a lowest to a highest value, and where its ends are in the plot.

    Attributes:
        low: Lowest value, or its logarithm.
        high: Highest value, or its logarithm.
        is_log: Whether the axis is logarithmic.
        is_whole: Whether it is numbered with whole numbers alone.
        start: Position of the lowest value.
        end: Position of the highest value.
    """

    low: float
    high: float
    is_log: bool
    is_whole: bool
    start: float
    end: float

    @classmethod
    def over(
        cls,
        values: Sequence[float],
        is_log: bool,
        start: float,
        end: float,
        *,
        is_whole: bool = False,
    ) -> _Axis:
        """The axis that has room for some values, with a twentieth more at both ends."""
        low, high = min(values), max(values)
        if is_log:
            low, high = math.log10(low), math.log10(high)
        room = (high - low) / 20 or abs(high) / 20 or 1.0
        is_whole = is_whole or all(float(value).is_integer() for value in values)
        return cls(low - room, high + room, is_log, is_whole, start, end)

    def place(self, value: float) -> float:
        """The position of a value in the plot."""
        value = math.log10(value) if self.is_log else value
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Round numbers on the axis: those of 1, 2 and 5 times a power of ten."""
        if self.is_log:
            return log_ticks(self.low, self.high, is_whole=self.is_whole)
        return _even_ticks(self.low, self.high, is_whole=self.is_whole)


def log_ticks(low: float, high: float, *, is_whole: bool = False) -> list[float]:
    """Few round numbers for a logarithmic axis.

    Args:
        low: Logarithm of the axis's lowest value.
        high: Logarithm of its highest value.
        is_whole: Whether only whole numbers lie on it.

    Example:
        >>> log_ticks(-0.1, 2.1), [round(tick, 4) for tick in log_ticks(-2.2, -2.1)]
        ([1.0, 3.0, 10.0, 30.0, 100.0], [0.0065, 0.007, 0.0075])
    """
    powers = range(math.floor(low), math.ceil(high) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        found = [
            digit * 10.0**power
            for power in powers
            for digit in digits
            if low <= math.log10(digit) + power <= high
        ]
        if len(found) <= _MOST_TICKS:
            break
    return found if len(found) > 1 else _even_ticks(10**low, 10**high, is_whole=is_whole)


def _even_ticks(low: float, high: float, *, is_whole: bool) -> list[float]:
    """Round numbers between two others, each as far from the next: 1, 2 or 5 of some decimal."""
    rough = (high - low) / _MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= rough)
    if is_whole:
        step = max(step, 1.0)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [number * step for number in range(first, last + 1)]


def _drawable(series: Series, log_x: bool, log_y: bool) -> list[tuple[float, float]]:
    """The points of a series that have a place: finite, and above 0 on a logarithmic axis."""
    return [
        (x, y)
        for x, y in zip(series.x, series.y, strict=True)
        if math.isfinite(x) and math.isfinite(y) and (x > 0 or not log_x) and (y > 0 or not log_y)
    ]


def _grid(across: _Axis, upward: _Axis, x_title: str, y_title: str) -> str:
    """Lines at the ticks, their numbers, and the axes' titles."""
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    line = '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="currentColor" stroke-opacity="0.15"/>'
    text = '<text x="{}" y="{}" text-anchor="{}">{}</text>'
    parts = []
    for tick, label in _labelled(across.ticks()):
        at = f"{across.place(tick):.1f}"
        parts += [line.format(at, _TOP, at, bottom)]
        parts += [text.format(at, bottom + 16, "middle", label)]
    for tick, label in _labelled(upward.ticks()):
        at = f"{upward.place(tick):.1f}"
        parts += [line.format(_LEFT, at, right, at)]
        parts += [text.format(_LEFT - 6, at, "end", label)]
    middle = (_TOP + bottom) / 2
    parts.append(text.format((_LEFT + right) / 2, HEIGHT - 8, "middle", html.escape(x_title)))
    parts.append(
        f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">'
        f"{html.escape(y_title)}</text>"
    )
    return "".join(parts)


def _labelled(ticks: Sequence[float]) -> list[tuple[float, str]]:
    """Ticks with their numbers, in as few digits as tell them apart."""
    labels: list[str] = []
    for digits in range(3, 9):
        labels = [format_number(tick, digits) for tick in ticks]
        if len(set(labels)) == len(ticks):
            break
    return list(zip(ticks, labels, strict=True))
