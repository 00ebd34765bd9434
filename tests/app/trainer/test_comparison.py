"""Finished runs compared."""

import json
import shutil
from pathlib import Path

import numpy as np

import cae_core as cae
from cae_core.studies import tables
from cae_core.training.runs import SETTINGS
from cae_ui.common.charts import Points, latent_size_figure
from cae_ui.trainer import comparison
from cae_ui.trainer.comparison import SHOWN_AT_FIRST, add_trend
from tests.app.finding import SMALL, labelled, press, said


def names_of(chart):
    return [line["name"] for line in json.loads(chart.proto.spec)["data"]]


def test_runs_stand_beside_each_other_in_a_table_and_in_charts_of_what_can_be_compared(
    trainer_page, finished, worker, monkeypatch
):
    run, wider = finished(), finished("conv8 pool | up conv3:sigmoid")
    finished(SMALL, cae.Denoise(0.1))
    page = trainer_page()
    assert "Compare runs" in page.header.values
    table = page.dataframe[0].value
    assert sorted(table["Latent"]) == [1024, 1024, 2048]
    columns = json.loads(page.dataframe[0].proto.columns)
    assert columns["Seconds"]["type_config"]["format"] == "%.1f"
    # Losses of another task stand in a chart of their own, which says so.
    *losses, sizes = page.get("plotly_chart")
    assert sorted(len(names_of(chart)) for chart in losses) == [1, 2]
    assert "each has a chart of its own" in said(page.caption)
    axes = [json.loads(chart.proto.spec)["layout"]["yaxis"] for chart in losses]
    assert [axis["title"]["text"] for axis in axes] == ["Mean squared error"] * 2
    assert names_of(sizes) == ["Runs"]  # without the one that denoises
    # A point leads to its run.
    (points,) = json.loads(sizes.proto.spec)["data"]
    assert sorted(points["customdata"]) == sorted([run, wider])

    # The line of PCA is computed by the worker.
    line = tables.pca_path("cifar10").read_text()
    monkeypatch.setattr(
        comparison, "save_pca_line", lambda dataset, path: Path(path).write_text(line)
    )
    press(page, "Draw the best linear autoencoder (PCA)")
    assert "The line is computed after the trainings that wait." in said(page.caption)
    worker.work()
    assert names_of(page.run().get("plotly_chart")[2]) == ["PCA", "Runs"]
    assert "Why the line lies so low: PCA with" in said(page.caption)


def test_the_chart_opens_on_the_images_of_the_run_that_was_trained_last(
    trainer_page, finished, tmp_path
):
    older, newer = sorted([finished(), finished("conv8 pool | up conv3:sigmoid")])
    for job_id, dataset in ((older, "cifar10"), (newer, "fashion_mnist")):
        settings = tmp_path / "runs" / job_id / "run" / SETTINGS
        settings.write_text(settings.read_text().replace("photo_patches", dataset))
    page = trainer_page()
    chosen = labelled(page.selectbox, "Latent size against test error on")
    assert (chosen.value, chosen.options) == ("Fashion-MNIST", ["Fashion-MNIST", "CIFAR-10"])
    *losses, sizes = page.get("plotly_chart")
    assert [len(names_of(chart)) for chart in losses] == [1, 1]
    (points,) = json.loads(sizes.proto.spec)["data"]
    assert points["customdata"] == [newer]


def test_an_older_run_that_is_open_is_compared_and_the_chart_opens_on_its_data_and_task(
    trainer_page, finished, tmp_path
):
    oldest = "20000101-000000-000000-6127cc"
    shutil.copytree(
        tmp_path / "runs" / finished(SMALL, cae.Denoise(0.1)), tmp_path / "runs" / oldest
    )
    newer = finished()
    for number in range(SHOWN_AT_FIRST):
        copied = tmp_path / "runs" / f"2999123{number}-000000-000000-6127cc"
        shutil.copytree(tmp_path / "runs" / newer, copied)
    page = trainer_page(job=oldest)
    compared = labelled(page.multiselect, "Runs").value
    assert len(compared) == SHOWN_AT_FIRST
    assert oldest in compared
    chosen = labelled(page.selectbox, "Latent size against test error on")
    assert chosen.value == "Photo patches, Remove noise, sigma 0.1"
    (points,) = json.loads(page.get("plotly_chart")[-1].proto.spec)["data"]
    assert points["customdata"] == [oldest]
    # Without an open run the chart is of reconstructions.
    page = trainer_page()
    assert oldest not in labelled(page.multiselect, "Runs").value
    assert labelled(page.selectbox, "Latent size against test error on").value == "Photo patches"


def test_the_runs_that_are_compared_are_in_the_address(trainer_page, finished, tmp_path):
    first, second = finished(), finished(SMALL, cae.Denoise(0.1))
    page = trainer_page()
    choice = labelled(page.multiselect, "Runs")
    assert sorted(choice.value) == sorted([first, second])
    assert "compared" not in page.query_params
    choice.set_value([first]).run()
    assert page.query_params["compared"] == first
    again = trainer_page(compared=first)
    assert labelled(again.multiselect, "Runs").value == [first]
    assert not again.warning
    labelled(again.multiselect, "Runs").set_value([]).run()
    assert again.query_params["compared"] == "none"
    assert labelled(trainer_page(compared="none").multiselect, "Runs").value == []
    gone = trainer_page(compared=[first, "20260101-000000-gone"])
    assert labelled(gone.multiselect, "Runs").value == [first]
    assert "gone" in said(gone.warning)
    newer = "29991231-000000-000000-6127cc"
    shutil.copytree(tmp_path / "runs" / second, tmp_path / "runs" / newer)
    assert newer in labelled(again.run().multiselect, "Runs").value


def test_a_damaged_run_is_named_and_one_run_is_compared_with_nothing(
    trainer_page, finished, tmp_path
):
    finished()
    damaged = tmp_path / "runs" / finished(SMALL, cae.Denoise(0.1))
    (damaged / "run" / "test.json").write_text("half")
    page = trainer_page()
    assert "Compare runs" not in page.header.values
    assert "Received" in said(page.caption)


def test_the_trend_of_three_sizes_is_a_line_on_logarithmic_axes():
    sizes = np.array([16, 64, 256])
    runs = Points("Runs", sizes, 0.5 / np.sqrt(sizes), ["a", "b", "c"], {})
    figure = latent_size_figure([runs], None, height=300)
    add_trend(figure, runs)
    trend = figure.data[1]
    np.testing.assert_allclose(trend.x, [16, 256])
    np.testing.assert_allclose(trend.y, [0.5 / 4, 0.5 / 16])
    two = Points("Runs", sizes[:2], [0.1, 0.2], ["a", "b"], {})
    figure = latent_size_figure([two], None, height=300)
    add_trend(figure, two)
    assert len(figure.data) == 1
