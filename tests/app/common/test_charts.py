"""Charts that several pages draw."""

import numpy as np

from cae_core.training import learning_rate
from cae_core.zoo.table import rows
from cae_ui.common.charts import Points, latent_size_figure, rate_figure
from cae_ui.zoo.rate_distortion import zoo_points


def test_networks_are_points_and_pca_is_a_line_on_logarithmic_axes():
    chosen = [row for row in rows() if row.card.name in ("homework", "strided-bn")]
    figure = latent_size_figure([zoo_points(chosen)], {1: 0.03, 16: 0.02}, height=300)
    line, points = figure.data
    assert (line.x, line.y) == ((1, 16), (0.03, 0.02))
    assert sorted(points.x) == [1024, 8192]
    np.testing.assert_array_equal(points.y, [row.measured("mse") for row in chosen])
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")


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
