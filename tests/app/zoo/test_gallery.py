"""The cards of all networks, and their thumbnails."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from cae_core import zoo
from cae_ui.zoo import thumbnails
from cae_ui.zoo.gallery import SHOWN_AT_FIRST
from cae_ui.zoo.thumbnails import MADE_OF, THUMBNAILS, make_thumbnails, thumbnail
from tests.app.finding import press


def opening(page):
    """The buttons that open a card."""
    return [button for button in page.button if (button.key or "").startswith("open-")]


def test_a_dozen_networks_are_cards_all_on_demand_and_a_card_opens(zoo_page):
    page = zoo_page()
    assert len(opening(page)) == SHOWN_AT_FIRST
    press(page, f"Show all {len(zoo.names())} networks")
    assert len(opening(page)) == len(zoo.names())
    page.button("open-strided-bn").click().run()
    assert page.header.values[0] == zoo.card("strided-bn").title
    assert page.selectbox("card").value == "strided-bn"


def test_a_filter_holds_for_the_cards_too(zoo_page):
    page = zoo_page()
    page.multiselect("zoo-task").set_value(["colorize"]).run()
    names = {button.key.removeprefix("open-") for button in opening(page)}
    assert names
    assert {name for name in names if "color" not in name} == set()


def test_a_network_without_a_thumbnail_has_a_card(zoo_page, monkeypatch, tmp_path):
    monkeypatch.setattr(thumbnails, "THUMBNAILS", tmp_path)
    assert len(opening(zoo_page())) == SHOWN_AT_FIRST


def test_every_network_has_a_thumbnail_that_was_made_with_its_weights():
    made_of = json.loads((THUMBNAILS / MADE_OF).read_text())
    assert made_of == {name: zoo.card(name).sha256 for name in zoo.names()}
    assert all(thumbnail(name) for name in made_of)


ONE_OF_A_KIND = [
    "homework",
    "denoise-0.3",
    "colorize-rgb",
    "dense-mnist",
    "vae2-mnist",
    "conv-dense",
    "judge-mnist",
    "photo-denoiser",
    "photo-colorizer",
]


@pytest.mark.heavy
def test_the_thumbnails_are_what_the_networks_make(monkeypatch, tmp_path):
    monkeypatch.setattr(zoo, "names", lambda: ONE_OF_A_KIND)
    stored = {name: _pixels(name) for name in ONE_OF_A_KIND}
    # Not the folder itself: runs are kept there.
    monkeypatch.setattr(thumbnails, "THUMBNAILS", tmp_path / "thumbnails")
    make_thumbnails()
    for name, pixels in stored.items():
        assert np.abs(_pixels(name) - pixels).max() <= 2, name


def _pixels(name):
    return np.asarray(Image.open(io.BytesIO(thumbnail(name)))).astype(int)
