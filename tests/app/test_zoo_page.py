"""The zoo page: the table, a network's card, latent size against error, the claims."""

import dataclasses
import json

import numpy as np
import pytest

from cae_core import zoo
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.data.registry import DATASETS
from cae_core.data.samples import DRAWN_CHECK, SAMPLE_CHECK
from cae_core.studies import latent_size, tables
from cae_core.studies.claims import verdicts
from cae_core.studies.sweep import Result
from cae_core.zoo.cards import NOT_KEPT
from cae_core.zoo.judge import ACCURACY
from cae_core.zoo.table import judge_own_accuracy, rows
from cae_ui.common.charts import latent_size_figure
from cae_ui.zoo import card as zoo_card
from cae_ui.zoo.card import curves_figure
from cae_ui.zoo.rate_distortion import zoo_points
from tests.app.finding import labelled, press, said
from tests.app.images import png

NETWORK = "homework"


def table(page):
    return page.dataframe[0].value


def test_the_page_opens_with_every_network_under_every_condition(zoo_page):
    page = zoo_page()
    assert not page.error
    assert list(table(page)["Network"]) == [row.card.name for row in rows()]
    assert set(zoo.names()) == {row.card.name for row in rows()}


def test_measured_and_published_figures_stand_side_by_side(zoo_page):
    line = table(zoo_page()).set_index("Network").loc["baseline"]
    card = zoo.card("baseline")
    assert line["MSE"] == card.figures[0]["mse"]
    assert line["MSE published"] == card.published["mse"]
    assert line["Judge"] == pytest.approx(100 * card.figures[0][ACCURACY])
    assert line["Drop"] == pytest.approx(100 * judge_own_accuracy("cifar10") - line["Judge"])
    assert line["Minutes published"] == pytest.approx(23 + 47 / 60)


def test_a_card_says_how_long_the_source_trained(zoo_page):
    words = "minutes (the source: 23.8, on Google Colab)"
    assert words in said(zoo_page(network="baseline").markdown)
    assert "Google Colab" not in said(zoo_page(network=NETWORK).markdown)


def test_filters_leave_what_fits_all_of_them(zoo_page):
    page = zoo_page()
    source = next(option for option in page.multiselect("zoo-source").options if "B: " in option)
    page.multiselect("zoo-source").set_value([source]).run()
    page.multiselect("zoo-data").set_value(["MNIST"]).run()
    shown = table(page)
    assert len(shown) > 0
    assert set(shown["Source"]) == {source}
    assert set(shown["Data"]) == {"MNIST"}
    page.multiselect("zoo-task").set_value(["colorize"]).run()
    assert "No network fits all three filters" in said(page.info)
    page.multiselect("zoo-task").set_value([]).run()
    assert len(table(page)) == len(shown)


# A network's card


@pytest.mark.parametrize("name", zoo.names())
def test_every_card_can_be_opened_by_its_address(zoo_page, name):
    page = zoo_page(network=name)
    card = zoo.card(name)
    assert not page.error
    assert card.title in page.subheader.values
    text = said(page.markdown)
    assert f"{card.parameters:,}" in text
    assert card.recipe in text
    figures = page.dataframe[1].value
    assert set(figures["Test set"]) == {row["test_set"] for row in card.figures}
    if card.difference:
        assert "Measured against published:" in text


@pytest.mark.parametrize("name", ["baseline", NETWORK])
def test_a_learning_rate_from_a_range_test_is_shown_with_it(zoo_page, name):
    page = zoo_page(network=name)
    test = zoo.learning_rate_test(name)
    labels = [expander.label for expander in page.expander]
    assert ("The learning-rate range test" in labels) == (test is not None)
    if test is not None:
        drawn = [json.loads(chart.proto.spec)["data"] for chart in page.get("plotly_chart")]
        assert any(line.get("text") == ["", "0.044"] for lines in drawn for line in lines)
        assert test.reason in said(page.caption)


def test_the_architecture_goes_along_to_the_trainer(zoo_page):
    page = zoo_page(network=NETWORK)
    assert page.code[0].value == zoo.card(NETWORK).network
    press(page, "Open in Trainer")
    assert page.title[0].value == "Trainer"
    assert page.text_area("arch").value == zoo.card(NETWORK).network


def test_the_architecture_goes_along_to_the_calculator(zoo_page):
    page = zoo_page(network="strided-bn")
    press(page, "Open in Latent size")
    assert page.title[0].value == "Latent size"
    assert page.text_area("arch").value == zoo.card("strided-bn").network


def test_images_are_sample_ones_where_the_data_set_is_not_here(zoo_page, monkeypatch):
    monkeypatch.setattr(zoo_card, "is_available", lambda name: False)
    for name, check in ((NETWORK, SAMPLE_CHECK), ("dense-mnist", DRAWN_CHECK)):
        page = zoo_page(network=name)
        shown = "\n".join(part.value for part in page.get("html"))
        assert f"Originals: {check}; " in shown
        assert "is not on this machine" in shown
        assert "Output of the network" in shown


def test_a_network_that_is_not_kept_shows_kept_images_and_takes_no_photo(zoo_page):
    name = next(name for name in zoo.names() if zoo.card(name).kept == NOT_KEPT)
    page = zoo_page(network=name)
    assert "Originals: 200 " in "\n".join(part.value for part in page.get("html"))
    assert "not kept, because they are too large" in said(page.markdown)
    assert "zoo-try" not in {toggle.key for toggle in page.toggle}


def test_a_network_works_on_a_visitors_photo(zoo_page):
    page = zoo_page(network=NETWORK)
    page.toggle("zoo-try").set_value(True).run()
    page.file_uploader("try-upload").set_value(("mine.png", png(90, 70), "image/png")).run()
    assert not page.error
    assert "PSNR against the original" in said(page.caption)
    assert labelled(page.get("download_button"), "Download the result")


def test_a_broken_photo_gives_one_sentence_and_the_page_goes_on(zoo_page):
    page = zoo_page(network=NETWORK)
    page.toggle("zoo-try").set_value(True).run()
    page.file_uploader("try-upload").set_value(("half.png", png(300, 200)[:900], "image/png")).run()
    (error,) = page.error
    assert "Received: " in error.value
    assert "The claims, tested" in page.subheader.values


def test_curves_are_losses_where_there_are_any():
    figure = curves_figure({"epoch": [1, 2], "loss": [2, 1], "val_loss": [3, 2], "seconds": [9, 9]})
    assert [line.name for line in figure.data] == ["Training", "Validation"]
    assert figure.layout.yaxis.type == "log"
    figure = curves_figure(
        {"images": [1, 2], "seconds": [9, 9], "loss": [2, 1], "validation": [3, 2]}
    )
    assert [line.name for line in figure.data] == ["Training", "Validation"]
    figure = curves_figure({"patches": [1, 2], "seconds": [9, 9], "psnr_15": [30, 31]})
    assert [line.name for line in figure.data] == ["PSNR in dB, sigma 15"]
    assert figure.layout.yaxis.type is None


# The whole


@pytest.mark.parametrize("dataset", ["cifar10", "mnist", "fashion_mnist"])
def test_latent_size_is_drawn_against_error_for_every_data_set(zoo_page, dataset):
    page = zoo_page(**{"rate-data": DATASETS[dataset].title})
    assert not page.error
    (chart,) = page.get("plotly_chart")
    drawn = {line["name"]: line for line in json.loads(chart.proto.spec)["data"]}
    assert "The zoo" in drawn
    assert any(name.startswith("PCA") for name in drawn) == tables.pca_path(dataset).exists()
    assert any(name.startswith("Sweep") for name in drawn) == (dataset == "cifar10")


def test_every_reconstructing_network_is_a_point_and_pca_a_line():
    chosen = [row for row in rows() if row.card.name in ("homework", "strided-bn")]
    line, points = latent_size_figure([zoo_points(chosen)], {1: 0.03, 16: 0.02}, height=300).data
    assert (line.x, line.y) == ((1, 16), (0.03, 0.02))
    assert sorted(points.x) == [1024, 8192]
    np.testing.assert_array_equal(points.y, [row.measured("mse") for row in chosen])


def test_the_homeworks_question_is_answered_once_the_sweep_is_whole(
    zoo_page, monkeypatch, tmp_path
):
    table = tmp_path / "latent-size.csv"
    lines = [",".join(field.name for field in dataclasses.fields(Result))]
    for number, trial in enumerate(latent_size.latent_size_trials()):
        size = analyze(Architecture.parse(trial.network)).latent_size
        result = Result(**dataclasses.asdict(trial), latent_size=size, mse=1 / size + number * 1e-6)
        cells = map(str, dataclasses.astuple(result))
        lines.append(",".join(f'"{cell}"' for cell in cells))
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    table.write_text("\n".join(lines[:-1]) + "\n")
    page = zoo_page()
    assert "45 of 46 architectures of the sweep are trained so far" in said(page.caption)
    table.write_text("\n".join(lines) + "\n")
    page.run()
    (answer,) = [text for text in page.markdown.values if "Is latent size correlated" in text]
    assert "Over 46 architectures" in answer
    assert "of latent size and error is -0.9" in answer


def test_every_claim_has_its_verdict(zoo_page):
    page = zoo_page()
    labels = [expander.label for expander in page.expander]
    for verdict in verdicts():
        (label,) = [label for label in labels if label.startswith(verdict.claim.statement)]
        assert f"[{verdict.word}]" in label


def test_without_tables_the_page_still_opens(zoo_page, monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    page = zoo_page()
    assert not page.error
    assert {label.split("[")[1] for label in (e.label for e in page.expander)} == {
        "not yet tested]"
    }


def test_a_damaged_table_is_one_sentence(zoo_page, monkeypatch, tmp_path):
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    (tmp_path / "claims.csv").write_text("a,b\n1,2\n")
    page = zoo_page()
    (error,) = page.error
    assert "A sweep's table has the columns" in error.value
