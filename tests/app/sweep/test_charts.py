"""Charts of a sweep: axes that can be read whatever was measured."""

import pytest

from cae_core.studies.effects import Effect, Measured, Ratio
from cae_core.studies.sweep import Result, read_table
from cae_core.studies.tables import LATENT_SIZE, table_path
from cae_ui.common.charts import chart_text
from cae_ui.sweep.charts import effects_figure, parallel_figure, sweep_points


def trainings(errors, sizes=(64, 256, 1024)):
    return [
        Measured({"kernel": at, "loss": "mse"}, Result("", 1, latent_size=size, mse=error))
        for at, (error, size) in enumerate(zip(errors, sizes, strict=True))
    ]


@pytest.mark.parametrize(
    ("errors", "ticks"),
    [
        ((0.01, 0.02, 0.1), ("0.01", "0.02", "0.05", "0.1")),
        ((0.0731, 0.0732, 0.0733), ("0.0731", "0.0733")),
        ((0.07, 0.07, 0.07), ("0.07",)),
    ],
)
def test_an_axis_of_errors_has_round_ticks_or_its_ends(errors, ticks):
    figure = parallel_figure(trainings(errors))
    axes = {axis.label: axis for axis in figure.data[0].dimensions}
    assert list(axes) == ["Kernel", "Latent size", "Test MSE"]  # the loss is the same in all
    assert axes["Test MSE"].ticktext == ticks
    low, high = axes["Test MSE"].range
    assert low < min(axes["Test MSE"]["values"])
    assert max(axes["Test MSE"]["values"]) < high
    assert chart_text(figure) == "3 lines through Kernel, Latent size, Test MSE."


def test_latent_size_is_one_axis_where_it_is_what_varies():
    done = [
        Measured({"latent": size}, Result("", 1, latent_size=size, mse=1 / size))
        for size in (64, 256)
    ]
    axes = [axis.label for axis in parallel_figure(done).data[0].dimensions]
    assert axes == ["Latent size", "Test MSE"]


def test_the_first_axis_has_room_for_the_names_of_the_studys_groups():
    study = read_table(table_path(LATENT_SIZE))
    figure = parallel_figure([Measured({"varies": each.group}, each) for each in study])
    names = set(figure.data[0].dimensions[0].ticktext)
    assert names == {each.group for each in study}
    assert figure.layout.margin.l >= 5 * max(map(len, names))


def test_points_have_a_colour_for_each_value_of_what_varies_first():
    points = sweep_points(trainings((0.1, 0.2, 0.3)))
    assert [each.name for each in points] == ["Kernel 0", "Kernel 1", "Kernel 2"]
    many = trainings([0.1] * 9, [64] * 9)
    assert [each.name for each in sweep_points(many)] == ["Trainings"]


def test_effects_are_points_with_intervals_around_no_effect():
    wide = Effect("kernel", 5, 3, Ratio(0.5, 0.4, 0.6, 3))
    one = Effect("latent", 64, 16, Ratio(1.5, None, None, 1))
    figure = effects_figure([wide, one])
    low, high = figure.layout.xaxis.range
    assert low < 0.4
    assert high > 1.5
    assert figure.data[0].error_x.array == pytest.approx((0.1, 0))
    assert chart_text(figure) == (
        "Error, times that of the first value: Kernel 5 (not 3) 0.5, Latent size 64 (not 16) 1.5."
    )
