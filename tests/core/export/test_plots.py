"""Plots as SVG."""

import itertools
import math
import re

import pytest

from cae_core.export.plots import HEIGHT, WIDTH, Series, plot


def places(svg):
    return [
        (float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)
    ]


@pytest.mark.parametrize("log", [False, True])
def test_points_lie_in_the_plot_in_their_order(log):
    drawn = places(plot([Series("a", [1, 10, 100], [0.4, 0.2, 0.1])], "x", "y", log_x=log))
    assert [x for x, _ in drawn] == sorted(x for x, _ in drawn)
    assert [y for _, y in drawn] == sorted(y for _, y in drawn)  # downwards
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in drawn)
    gaps = [after[0] - before[0] for before, after in itertools.pairwise(drawn)]
    assert (gaps[1] == pytest.approx(gaps[0], abs=0.2)) == log


def test_what_has_no_place_is_left_out():
    svg = plot([Series("a", [1, 2, 3, 4], [0.1, math.nan, 0.0, 0.2])], "x", "y")
    assert len(places(svg)) == 2
    assert plot([Series("a", [1], [math.inf])], "x", "y") == ""


def test_a_training_of_one_epoch_has_one_epoch_on_its_axis():
    svg = plot([Series("a", [1], [0.0213]), Series("b", [1], [0.0187])], "Epoch", "MSE")
    assert re.findall(r'text-anchor="middle">([^<]+)<', svg) == ["1", "Epoch", "MSE"]
    assert re.findall(r'text-anchor="end">([^<]+)<', svg) == [
        "0.019",
        "0.0195",
        "0.02",
        "0.0205",
        "0.021",
    ]


@pytest.mark.parametrize(
    ("low", "high"), [(3, 3), (0.0021, 0.0023), (0.0021034, 0.0021051), (1e-4, 1e4)]
)
def test_an_axis_has_few_round_numbers(low, high):
    svg = plot([Series("a", [1, 2], [low, high])], "x", "y")
    written = re.findall(r'text-anchor="end">([^<]+)<', svg)
    assert 1 <= len(written) <= 9
    assert len(set(written)) == len(written)


def test_an_axis_of_epochs_has_no_parts_of_them():
    svg = plot([Series("a", [0.5, 1.5], [1, 2]), Series("b", [1, 2], [1, 2])], "Epoch", "MSE")
    assert "1.5" in re.findall(r'text-anchor="middle">([^<]+)<', svg)
    svg = plot([Series("a", [0.5, 1.5], [1, 2])], "Epoch", "MSE", whole_x=True)
    assert re.findall(r'text-anchor="middle">([^<]+)<', svg) == ["1", "Epoch", "MSE"]


def test_names_are_text():
    svg = plot([Series("<b>&", [1], [1])], "<x>", "y")
    assert "<b>" not in svg
    assert "<x>" not in svg
