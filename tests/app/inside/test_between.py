"""The part "Between two images": the ends of the way are the images themselves."""

import numpy as np
import pytest

from cae_ui.inside import between
from cae_ui.inside.opened import network_identity, opened_network
from tests.app.finding import said


@pytest.fixture
def rows(monkeypatch):
    """The rows of images that the page showed, by their captions."""
    shown = []

    def noting(images, captions, side, what):
        shown.append(dict(zip(captions, images, strict=True)))

    monkeypatch.setattr(between, "show_tiles", noting)
    return shown


def test_the_slider_goes_from_the_first_image_to_the_second(inside_page, rows):
    page = inside_page(network="homework", part="Between two images", image="2", **{"with": "4"})
    for share in (0, 100, 50):
        rows.clear()
        page.slider("share").set_value(share).run()
        way = rows[0]
        images = [way["Image 2"], way["Second image"]]
        mix = sum(
            weight * each.astype(np.float32)
            for weight, each in zip((1 - share / 100, share / 100), images, strict=True)
        )
        assert np.abs(way["Cross-fade in pixels"] - mix).max() <= 1
    assert "In the latent: every step" in said(page.get("html"))
    in_latent = way["Interpolated in the latent"]
    assert in_latent.shape == mix.shape
    assert np.abs(in_latent.astype(int) - way["Cross-fade in pixels"]).max() > 1


def test_a_sum_of_three_images_of_which_two_are_the_same_is_the_first(inside_page, rows):
    inside_page(network="homework", part="Between two images", **{"with": "4", "plus": "4"})
    total = rows[1]
    np.testing.assert_array_equal(total["In pixels, cut to [0, 1]"], total["A"])
    network, *_ = opened_network("homework", network_identity("homework"))
    decoded = network.decode(network.encode(total["A"][np.newaxis]))[0]
    np.testing.assert_allclose(total["In the latent"] / 255, decoded, atol=1 / 255)
