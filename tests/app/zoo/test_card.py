"""The card of one network."""

import json

import numpy as np
import pytest

from cae_core import zoo
from cae_core.data.samples import DRAWN_CHECK, SAMPLE_CHECK
from cae_core.zoo.cards import NOT_KEPT, PHOTO_COLORIZER
from cae_core.zoo.judge import ACCURACY
from cae_ui.common.charts import rate_figure
from cae_ui.zoo import card as zoo_card
from cae_ui.zoo.card import curves_figure
from tests.app.finding import labels_of, link, said, upload
from tests.app.images import png

NETWORK = "homework"


def kind_of(name):
    """A card's kind: the branches that its page takes."""
    card = zoo.card(name)
    has_text = card.architecture is not None
    network = "text" if has_text else card.network
    task = None if card.task is None else card.task.name
    return network, task, card.kept == NOT_KEPT, bool(card.published)


ONE_OF_EVERY_KIND = {kind_of(name): name for name in zoo.names()}.values()


@pytest.fixture
def data_is_not_here(monkeypatch):
    monkeypatch.setattr(zoo_card, "is_available", lambda name: False)


@pytest.mark.parametrize("name", ONE_OF_EVERY_KIND)
@pytest.mark.usefixtures("data_is_not_here")
def test_every_kind_of_card_says_what_the_network_is_and_what_it_reached(zoo_page, name):
    page = zoo_page(card=name)
    card = zoo.card(name)
    assert not page.error
    assert card.title in page.header.values
    text = said(page.markdown)
    assert f"{card.parameters:,}" in text
    assert card.recipe in text
    figures = page.dataframe[0].value
    titles = {"cifar10": "CIFAR-10", "fashion_mnist": "Fashion-MNIST", "mnist": "MNIST"}
    expected = set()
    for row in card.figures:
        first, _, rest = row["test_set"].partition(" ")
        expected.add(f"{titles.get(first, first)} {rest}".strip())
    assert set(figures["Test set"]) == expected
    assert ("published by the source" in set(figures["Condition"])) == bool(card.published)
    assert ("Measured against published:" in text) == bool(card.difference)
    assert ("the source: " in text and "on Google Colab" in text) == ("seconds" in card.published)
    test = zoo.learning_rate_test(name)
    assert ("The learning-rate range test" in labels_of(page.expander)) == (test is not None)
    if test is not None:
        drawn = [json.loads(chart.proto.spec)["data"] for chart in page.get("plotly_chart")]
        assert any(len(lines) == len(rate_figure(test).data) for lines in drawn)
        assert test.reason in said(page.caption)
    if card.kept == NOT_KEPT:
        assert "not kept, because they are too large" in text
        assert "zoo-try" not in {toggle.key for toggle in page.toggle}
        assert "Originals: 200 " in said(page.get("html"))


@pytest.mark.usefixtures("data_is_not_here")
def test_the_network_goes_along_to_another_page_with_its_task_and_data(zoo_page):
    page = zoo_page(card="denoise-0.3")
    text = zoo.card("denoise-0.3").network
    assert page.code[0].value == text
    assert link(page, "Open in Latent size") == (
        "latent_size",
        {"arch": [text], "trained": ["denoise-0.3"]},
    )
    assert link(page, "Open in Trainer") == (
        "trainer",
        {
            "arch": [text],
            "task": ["Remove noise"],
            "sigma": ["76"],
            "data": ["CIFAR-10"],
        },
    )


def test_a_network_for_photos_leads_to_the_page_that_opens_with_it(zoo_page, denoise_page):
    target, address = link(zoo_page(card=zoo.CAMERA_DENOISER), "Use it on the page Denoise")
    assert target == "denoise"
    page = denoise_page(**{name: value for name, (value,) in address.items()})
    assert page.selectbox("denoiser").value == zoo.CAMERA_DENOISER
    assert page.slider("luma").value == 1.0
    assert not page.warning


@pytest.mark.heavy
@pytest.mark.parametrize("name", [PHOTO_COLORIZER, zoo.DEFAULT_COLORIZER])
def test_the_colorizers_of_photographs_show_the_same_photos_side_by_side(zoo_page, name):
    shown = said(zoo_page(card=name).get("html"))
    assert "As they were</figcaption>" in shown
    for each in (PHOTO_COLORIZER, zoo.DEFAULT_COLORIZER):
        assert f"{zoo.card(each).title}</figcaption>" in shown


@pytest.mark.parametrize(
    ("name", "images"), [(NETWORK, SAMPLE_CHECK), ("dense-mnist", DRAWN_CHECK)]
)
@pytest.mark.usefixtures("data_is_not_here")
def test_sample_images_are_shown_where_the_data_set_is_not_here(zoo_page, name, images):
    shown = said(zoo_page(card=name).get("html"))
    assert f"Originals: {images}; " in shown
    assert "is not on this machine" in shown
    assert "Output of the network" in shown


@pytest.mark.usefixtures("data_is_not_here")
def test_a_network_works_on_a_visitors_photo_and_a_broken_one_is_one_sentence(zoo_page):
    page = zoo_page(card=NETWORK)
    page.toggle("zoo-try").set_value(True).run()
    upload(page, "try-upload", ("mine.png", png(90, 70)))
    assert not page.error
    assert "mine.png, 90 × 70 pixels." in said(page.caption)
    assert "PSNR is against the original" in said(page.caption)
    upload(page, "try-upload", ("half.png", png(300, 200)[:900]))
    (error,) = page.error
    assert "Received: " in error.value
    assert zoo.card(NETWORK).title in page.header.values


@pytest.mark.usefixtures("data_is_not_here")
def test_the_figures_of_a_card_have_the_decimals_that_they_have_everywhere(zoo_page):
    (figures,) = zoo_page(card="colorize-chroma").dataframe
    formats = {
        heading: column["type_config"]["format"]
        for heading, column in json.loads(figures.proto.columns).items()
        if "format" in column.get("type_config", {})
    }
    assert formats["CIEDE2000"] == formats["a*b* error"] == formats["Colourfulness"] == "%.2f"
    assert formats["Judge's accuracy"] == "%.2f %%"


@pytest.mark.usefixtures("data_is_not_here")
def test_shares_are_per_cent_in_the_table_as_in_the_text(zoo_page):
    (figures,) = zoo_page(card="baseline").dataframe
    share = zoo.card("baseline").figures[0][ACCURACY]
    assert np.isclose(figures.value["Judge's accuracy"], 100 * share).any()


def test_curves_are_losses_where_there_are_any():
    figure = curves_figure({"epoch": [1, 2], "loss": [2, 1], "val_loss": [3, 2], "seconds": [9, 9]})
    names = ["Training, mean of the epoch", "Validation, after the epoch"]
    assert [line.name for line in figure.data] == names
    assert figure.layout.yaxis.type == "log"
    np.testing.assert_array_equal(figure.data[1].y, [3, 2])
    figure = curves_figure({"patches": [1, 2], "seconds": [9, 9], "psnr_15": [30, 31]})
    assert [line.name for line in figure.data] == ["Sigma 15"]
    assert figure.layout.yaxis.type is None
    assert figure.layout.yaxis.title.text == "PSNR, dB"


def test_the_camera_denoisers_card_says_what_the_noisy_images_had(zoo_page):
    page = zoo_page(card="camera-denoiser")
    figures = page.dataframe[0].value
    assert {"PSNR, noisy, dB", "PSNR, dB", "Least gain, dB"} <= set(figures.columns)
    curves = curves_figure(
        {"steps": [1.0], "validation_noisy": [36.4], "clean_psnr": [60.0]}, "Loss"
    )
    assert [line.name for line in curves.data] == ["Real noise, as it was", "No noise added"]


def test_a_training_loss_is_drawn_at_the_middle_of_what_it_is_the_mean_of():
    figure = curves_figure({"epoch": [1, 2], "loss": [2, 1], "val_loss": [3, 2]})
    assert [list(line.x) for line in figure.data] == [[0.5, 1.5], [1, 2]]
    assert figure.layout.xaxis.dtick == 1
    figure = curves_figure({"images": [100, 300], "loss": [2, 1], "validation": [3, 2]})
    assert [list(line.x) for line in figure.data] == [[50, 200], [100, 300]]
    assert figure.data[0].name == "Training, mean since the point before"


def test_the_axis_of_a_card_names_the_loss_as_the_trainer_does(zoo_page):
    page = zoo_page(card="vae2-mnist")
    titles = [
        json.loads(chart.proto.spec)["layout"]["yaxis"].get("title", {}).get("text")
        for chart in page.get("plotly_chart")
    ]
    assert "Binary cross-entropy + 1 × KL per number" in titles
