"""Charts that several pages draw."""

from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest
import streamlit as st

from cae_core.training import learning_rate
from cae_core.zoo.table import rows
from cae_ui.common.charts import (
    Points,
    chart_text,
    latent_size_figure,
    loss_axis,
    rate_figure,
    show_chart,
)
from cae_ui.zoo.rate_distortion import zoo_points


def test_networks_are_points_and_pca_is_a_line_on_logarithmic_axes():
    chosen = [row for row in rows() if row.card.name in ("homework", "strided-bn")]
    figure = latent_size_figure([zoo_points(chosen)], {1: 0.03, 16: 0.02}, height=300)
    line, points = figure.data
    assert (line.x, line.y) == ((1, 16), (0.03, 0.02))
    assert sorted(points.x) == [1024, 8192]
    np.testing.assert_array_equal(points.y, [row.measured("mse") for row in chosen])
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")


@pytest.mark.parametrize(
    "losses", [[0.0064, 0.0083], [0.7, 1.1e7], [0.02, 0.0004, 0.0], [0.01]], ids=str
)
def test_an_axis_of_losses_has_few_numbers_and_all_losses(losses):
    axis = loss_axis("Loss", losses)
    low, high = axis["range"]
    assert all(low < np.log10(loss) < high for loss in losses if loss > 0)
    assert 1 <= len(axis["tickvals"]) <= 8
    assert all(low <= np.log10(tick) <= high for tick in axis["tickvals"])


def test_a_learning_rate_test_is_drawn_with_its_suggestion_marked():
    test = learning_rate.suggest([1e-4, 1e-3, 1e-2, 1e-1], [0.5, 0.2, 0.1, 0.9])
    figure = rate_figure(test)
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    curve, mark = figure.data
    assert (curve.x, curve.y) == (test.rates, test.losses)
    assert mark.x == (test.suggestion, test.suggestion)
    assert "0.001" in mark.text
    nothing = learning_rate.suggest([1e-4, 1e-3], [0.5, 0.5])
    assert len(rate_figure(nothing).data) == 1


def test_a_runs_name_is_no_html_in_a_legend():
    name = '<a href="https://evil.example">run</a>'
    figure = latent_size_figure([Points(name, [1], [0.1], [name], {})], None, height=300)
    (points,) = figure.data
    assert points.name == '&lt;a href="https://evil.example"&gt;run&lt;/a&gt;'
    assert points.text == (points.name,)


def test_a_long_name_in_a_legend_takes_several_lines():
    name = "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid, Remove noise, sigma 0.1"
    figure = latent_size_figure([Points(name, [1], [0.1], [name], {})], None, height=300)
    assert figure.data[0].name.split("<br>") == [
        "conv8 pool conv12 pool conv16 | up conv12 up",
        "conv3:sigmoid, Remove noise, sigma 0.1",
    ]
    assert figure.data[0].text == (name,)


@pytest.mark.parametrize(
    ("sizes", "ticks"),
    [([1024], "D2"), ([512, 1024], "D2"), ([None, 1000], "D2"), ([10, 9000], 1)],
)
def test_an_axis_spans_a_decade_so_that_its_ticks_have_room(sizes, ticks):
    points = Points("Runs", sizes, [0.005] * len(sizes), ["run"] * len(sizes), {})
    axis = latent_size_figure([points], None, height=300).layout.xaxis
    low, high = axis.range
    assert axis.dtick == ticks
    assert high - low > 0.99
    assert all(low < np.log10(size) < high for size in sizes if size)


def test_without_points_an_axis_is_left_to_plotly():
    empty = Points("Runs", [None], [None], ["run"], {})
    assert latent_size_figure([empty], None, height=300).layout.xaxis.range is None


def test_a_click_on_a_point_passes_on_what_it_stands_for(monkeypatch):
    shown, chosen = {}, []
    monkeypatch.setattr(st, "plotly_chart", lambda figure, **settings: shown.update(settings))
    points = Points("Runs", [1, 2], [0.1, 0.2], ["a", "b"], {}, ids=["first", "second"])
    show_chart(latent_size_figure([points], {1: 0.1}, height=300), "chart", chosen.append)
    clicked = [{"x": 1}, {"customdata": "second"}]  # the line of PCA stands for nothing
    selection = SimpleNamespace(selection=SimpleNamespace(points=clicked))
    monkeypatch.setattr(st, "session_state", {"chart": selection})
    shown["on_select"]()
    assert chosen == ["second"]


def test_a_chart_has_a_text_for_those_who_do_not_see_it():
    run = Points("<b>run</b>", [32, 64, 8], [0.02, None, 0.04], ["a", "b", "c"], {})
    text = chart_text(latent_size_figure([run], {1: 0.03, 16: 0.02}, height=300))
    assert text == (
        "Test MSE against Numbers in the latent. PCA: 0.03 at 1, 0.02 at 16, least 0.02, "
        "greatest 0.03. <b>run</b>: 0.02 at 32, 0.04 at 8, least 0.02, greatest 0.04."
    )
    small = Points("run", [2050], [1.1643e-05], ["run"], {})
    text = chart_text(latent_size_figure([small], None, height=300))
    assert "run: 0.0000116 at 2,050, " in text
    histogram = go.Figure(go.Histogram(x=[3.0, 1.0, 2.0])).update_layout(xaxis_title="PSNR")
    assert chart_text(histogram) == "value against PSNR. 3 values, least 1, greatest 3."
