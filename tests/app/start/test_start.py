"""The page Start: stored results of the sample photos, a photo of one's own, three doors."""

import itertools
import json
import re

import numpy as np
import pytest

from cae_core import zoo
from cae_core.data.samples import sample_photograph
from cae_ui.common.photo_input import SAMPLE_PHOTOS
from cae_ui.start import squeezed
from cae_ui.start.squeezed import (
    FIGURES,
    LATENT_SIZES,
    STORED,
    compute,
    file_names,
    network_name,
    square_of,
    stored_result,
)
from tests.app.finding import said, upload
from tests.app.images import png


def figures_of(page):
    """Bytes of the latent and PSNR, as the page says them."""
    shown = said(page.get("html"))
    latent, decibels = re.search(r"([\d,]+) bytes, .*PSNR ([\d.]+) dB", shown).groups()
    return int(latent.replace(",", "")), float(decibels)


def test_the_longer_the_latent_the_better_the_photo_and_no_network_is_started(
    start_page, monkeypatch
):
    monkeypatch.setattr(squeezed, "compute", None)
    page = start_page(**{"start-photo": "Coffee"})
    found = []
    for latent_size in LATENT_SIZES:
        page.select_slider("numbers").set_value(latent_size).run()
        found.append(figures_of(page))
        assert f"{latent_size:,} numbers" in said(page.get("html"))
    assert not page.error
    blocks = (256 // 32) ** 2
    sizes, psnrs = zip(*found, strict=True)
    assert sizes == tuple((blocks + 4) * latent_size for latent_size in LATENT_SIZES)
    assert list(psnrs) == sorted(psnrs)


def test_a_photo_of_ones_own_goes_through_the_network_and_a_broken_one_is_one_sentence(start_page):
    page = upload(start_page(numbers="32"), "start-upload", ("mine.png", png(100, 70)))
    assert not page.error
    assert "mine.png, 64 × 64 pixels" in said(page.get("html"))
    assert figures_of(page)[0] == (4 + 4) * 32
    upload(page, "start-upload", ("half.png", png(300, 200)[:900]))
    (error,) = page.error
    assert "Received: " in error.value
    assert "Do the homework" in page.header.values


def test_a_network_that_the_package_left_out_is_one_sentence(start_page, monkeypatch):
    page = start_page()
    monkeypatch.setattr(squeezed, "network_name", lambda latent_size: "left-out")
    upload(page, "start-upload", ("mine.png", png(100, 70)))
    (error,) = page.error
    assert "Received: left-out" in error.value


def test_an_address_of_latent_size_from_before_leads_there_with_all_it_says(start_page):
    page = start_page(arch="conv20 pool | up conv3:sigmoid", compare="true")
    assert page.title[0].value == "Latent size"
    assert page.text_area("arch").value == "conv20 pool | up conv3:sigmoid"
    assert page.toggle("compare").value


# What is stored


def test_what_is_stored_was_made_with_todays_networks():
    figures = json.loads((STORED / FIGURES).read_text())
    assert figures["made_of"] == {
        name: zoo.card(name).sha256 for name in map(network_name, LATENT_SIZES)
    }
    names = {
        name
        for sample in SAMPLE_PHOTOS
        for latent_size in LATENT_SIZES
        for name in file_names(sample, latent_size)
    }
    assert {path.name for path in STORED.iterdir()} == names | {FIGURES}


@pytest.mark.heavy
def test_what_is_stored_is_what_the_networks_make():
    for sample, latent_size in zip(itertools.cycle(SAMPLE_PHOTOS), LATENT_SIZES, strict=False):
        square = square_of(sample_photograph(SAMPLE_PHOTOS[sample]))
        made, stored = compute(square, latent_size), stored_result(sample, latent_size)
        assert (made.side, made.latent_bytes) == (stored.side, stored.latent_bytes)
        assert made.psnr == pytest.approx(stored.psnr, abs=0.01)


def test_a_photo_is_cut_to_a_square_of_whole_blocks():
    photo = np.zeros((40, 110, 3), np.float32)
    photo[:, 35:75] = 1.0  # the middle
    assert square_of(photo).shape == (32, 32, 3)
    np.testing.assert_allclose(square_of(photo), 1.0, atol=1e-6)
    assert square_of(np.zeros((3, 900), np.float32)).shape == (32, 32, 3)
    assert square_of(np.zeros((900, 700), np.float32)).shape == (256, 256, 3)
