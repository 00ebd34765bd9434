"""The part "Layers" of networks that no architecture text describes."""

import pytest

from cae_core import zoo
from tests.app.finding import link, pickers, said


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("photo-denoiser", 64),
        pytest.param("camera-denoiser", 32, marks=pytest.mark.heavy),
        pytest.param("photo-colorizer", 40, marks=pytest.mark.heavy),
        pytest.param("colorize-classes", 40, marks=pytest.mark.heavy),
        pytest.param("imagenet-colorizer", 32, marks=pytest.mark.heavy),
    ],
)
def test_a_photo_network_shows_its_feature_maps(inside_page, name, channels):
    page = inside_page(network=name)
    assert not (page.error or page.warning)
    assert page.selectbox("network").value == name
    maps = pickers(page)["Feature maps"]
    assert len(maps["choices"]) == channels
    assert f"** of {len(page.selectbox('weights').options)} with weights" in said(page.markdown)
    assert page.header.values[-1] == "Kernels"
    assert page.header.values[-2].startswith("The number at (24, 24, ")
    assert "Sum of products: " in said(page.markdown)
    assert "in the frame, its receptive field" in said(page.caption)


def test_the_kernels_of_a_layer_that_reads_the_image_are_images(inside_page, offered):
    page = inside_page(network="judge-mnist", image="3")
    assert len(pickers(page)["Kernels"]["choices"]) == 32
    assert offered["Feature maps"][1] == "judge-mnist-image-3-layer-1-conv-feature-maps.png"
    page.selectbox("weights").set_value(6).run()
    assert len(pickers(page)["Numbers of the layer"]["choices"]) == 10


def test_the_layer_is_in_the_address_and_another_network_begins_at_its_first(inside_page):
    page = inside_page(
        network="photo-denoiser", weights="3 before_1_second, Conv2D, kernel 3, 64 to 64 channels"
    )
    assert page.selectbox("weights").value == 3
    assert not page.warning
    page.selectbox("weights").set_value(18).run()
    page.selectbox("network").set_value("judge-mnist").run()
    assert page.selectbox("weights").value == 1
    page.selectbox("network").set_value("homework").run()
    assert not page.exception
    assert len(pickers(page)["Feature maps"]["choices"]) == 8


@pytest.mark.parametrize("part", ["Latent", "Between two images", "Map", "Learning"])
def test_parts_that_need_a_latent_say_so(inside_page, part):
    page = inside_page(network="photo-denoiser", part=part)
    assert "no latent between an encoder and a decoder" in said(page.info)


def test_cards_lead_inside_or_say_why_not(zoo_page):
    page = zoo_page(card="photo-denoiser")
    assert link(page, "Look inside") == ("inside", {"network": ["photo-denoiser"]})
    (missing, *_) = [name for name in zoo.names() if zoo.card(name).kept == zoo.NOT_KEPT]
    page = zoo_page(card=missing)
    assert "too large to be kept: there is nothing to look into" in said(page.caption)
