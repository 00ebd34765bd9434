"""The part "Layers": feature maps, a receptive field, one number, kernels."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from cae_ui.inside.colors import scale_legend
from cae_ui.inside.digits import signed
from tests.app.finding import SMALL, labels_of, pickers, said, upload
from tests.app.images import png


def test_the_page_opens_with_the_maps_of_a_network_of_the_zoo(inside_page):
    page = inside_page()
    assert page.selectbox("network").value == "homework"
    maps = pickers(page)["Feature maps"]
    assert len(maps["choices"]) == 8
    assert maps["chosen"] == maps["choices"][0]["value"]
    assert (maps["width"], maps["height"]) == (32, 32)
    assert len(pickers(page)["Kernels"]["choices"]) == 8


def test_a_chosen_layer_channel_and_pixel_are_written_out(inside_page):
    page = inside_page(channel="11", place="3,4")
    page.button_group("layer").set_value(3).run()
    assert len(pickers(page)["Feature maps"]["choices"]) == 12
    field = pickers(page)["The network's input"]
    assert field["box"] == [3, 5, 10, 12]
    assert "8 × 8 pixels in the frame" in said(page.caption)
    # The last number of the sentence is the network's own.
    own = page.header.values[0]
    assert own.startswith("The number at (3, 4, 11) is ")
    (sentence,) = [line for line in page.markdown.values if line.startswith("Sum of products")]
    assert own.split(" is ")[1] == sentence.split("**")[1]


def test_zero_has_no_sign_and_sums_have_as_many_digits_as_their_numbers(inside_page):
    page = inside_page()
    (written,) = [part.value for part in page.get("html") if "cae-sum" in part.value]
    numbers = re.findall(r">(−?[\d.]+)</", written)
    assert len(numbers) > 27
    assert [number for number in numbers if re.fullmatch(r"−0(\.0*)?", number)] == []
    sums = re.findall(r"= <b>−?([\d.]+)</b>", written)
    assert {len(number.replace(".", "").lstrip("0")) for number in sums} == {3}


@pytest.mark.parametrize("number", [0.1, 0.3, 1.2, 25.0, 100.0, 0.9996, -0.05])
def test_a_number_keeps_three_digits(number):
    digits = signed(number).lstrip("−").replace(".", "").lstrip("0")
    assert len(digits) == 3


@pytest.mark.parametrize("number", [-0.0, -0.0004, np.float32(-1e-9)])
def test_what_is_rounded_to_zero_has_no_minus(number):
    assert signed(number, 3) == "0.000"


def test_both_ends_of_a_scale_of_colours_have_three_digits():
    assert re.findall(r"<span>(.*?)</span>", scale_legend(1.2, is_signed=True)) == [
        "−1.20",
        "0",
        "1.20",
    ]


@pytest.mark.parametrize(
    ("layer", "said_of_it"), [(2, "The largest is"), (3, "only moves numbers")]
)
def test_layers_without_a_sum_say_so(inside_page, finished, layer, said_of_it):
    run = finished("conv4 pool | unshuffle shuffle up conv3:sigmoid")
    page = inside_page(network=f"run:{run}")
    page.button_group("layer").set_value(layer).run()
    assert said_of_it in said([*page.markdown, *page.caption])


def test_a_vector_is_bars_and_looks_at_the_whole_image(inside_page):
    page = inside_page(network="dense-mnist")
    page.button_group("layer").set_value(2).run()
    assert len(pickers(page)["Numbers of the layer"]["choices"]) == 100
    assert pickers(page)["The network's input"]["box"] == [0, 0, 27, 27]
    assert len(pickers(page)["Kernels"]["choices"]) == 64
    assert "64 of 100 kernels, 36 are left out." in said(page.caption)


def test_the_download_says_which_maps_of_which_network_and_image_it_has(
    inside_page, finished, offered
):
    inside_page(image="2", layer="3 conv12")
    assert offered["Feature maps"][1] == "homework-image-2-layer-3-feature-maps.png"
    run = finished(SMALL)
    inside_page(network=f"run:{run}")
    name = f"photo-patches-reconstruct-{run[:15]}-image-1-layer-1-feature-maps.png"
    assert offered["Feature maps"][1] == name


def test_the_maps_are_made_into_a_file_when_their_button_is_pressed(inside_page, offered):
    inside_page()
    make, _ = offered["Feature maps"]
    with Image.open(io.BytesIO(make())) as image:
        assert image.format == "PNG"
        assert image.width > 4 * 32


def test_a_photo_of_ones_own_is_cut_to_the_networks_size(inside_page, finished):
    page = inside_page(network=f"run:{finished(SMALL)}", source="A photo")
    upload(page, "inside-upload", ("mine.png", png(90, 70)))
    assert not page.error
    assert pickers(page)["The network's input"]["width"] == 32
    upload(page, "inside-upload", ("half.png", png(300, 200)[:900]))
    assert "Received: " in said(page.error)


def test_the_list_of_networks_shows_of_a_run_what_it_is_and_all_of_it_stands_below(
    inside_page, finished
):
    run = finished(SMALL)
    page = inside_page(network=f"run:{run}")
    (listed,) = [option for option in page.selectbox("network").options if SMALL in option]
    assert listed.startswith(SMALL)
    assert f"`{SMALL}`, Reconstruct, Photo patches." in said(page.caption)


def test_what_another_network_has_not_is_replaced(inside_page):
    page = inside_page(network="homework", channel="11", place="30,31")
    page.button_group("layer").set_value(7).run()
    page.selectbox("network").set_value("dense-mnist").run()
    assert not page.error
    assert "Layer" in labels_of(page.button_group)
