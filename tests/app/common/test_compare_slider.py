"""The comparison slider without a browser: what it refuses, and that every pixel is sent."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cae_ui.common.compare_slider import compare_slider

LABELS = {"before_label": "Noisy", "after_label": "Clean"}


def page(before, after):
    """A page with one slider on it."""

    def script(before, after, labels):
        from cae_ui.common.compare_slider import compare_slider

        compare_slider(before, after, key="compare", height=300, **labels)

    return AppTest.from_function(script, args=(before, after, LABELS), default_timeout=300).run()


def sent(page):
    """The header and the decoded images that a page sends to the browser."""
    (component,) = page.get("bidi_component")
    message = component.proto.bytes
    start = 4 + int.from_bytes(message[:4], "big")
    header = json.loads(message[4:start])
    middle = start + header["beforeBytes"]
    files = message[start:middle], message[middle:]
    return header, [np.asarray(Image.open(io.BytesIO(file))) for file in files]


def random_pixels(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (32, 32), (61, 47), (3, 900)])
def test_every_pixel_of_both_images_is_sent(size):
    before, after = random_pixels(*size, 3), random_pixels(*size, 3, seed=1)
    _, (first, second) = sent(page(before, after))
    np.testing.assert_array_equal(first, before)
    np.testing.assert_array_equal(second, after)


def test_smooth_colours_and_extremes_are_sent_as_they_are():
    ramp = np.arange(256, dtype=np.uint8)
    colours = np.stack(np.broadcast_arrays(ramp, ramp[:, np.newaxis], ramp[::-1]), axis=-1)
    _, (first, second) = sent(page(colours, 255 - colours))
    np.testing.assert_array_equal(first, colours)
    np.testing.assert_array_equal(second, 255 - colours)


def test_a_grey_image_is_compared_with_a_coloured_one():
    grey, colour = random_pixels(20, 30), random_pixels(20, 30, 3, seed=1)
    _, (first, second) = sent(page(grey, colour))
    np.testing.assert_array_equal(first, np.repeat(grey[:, :, np.newaxis], 3, axis=2))
    np.testing.assert_array_equal(second, colour)


def test_an_image_that_is_a_view_of_another_is_sent_as_it_is():
    pixels = random_pixels(40, 60, 3)
    _, (first, second) = sent(page(pixels[::2, ::-3], pixels[20:, 40:]))
    np.testing.assert_array_equal(first, pixels[::2, ::-3])
    np.testing.assert_array_equal(second, pixels[20:, 40:])


def test_labels_and_sizes_are_sent_with_the_images():
    pixels = random_pixels(20, 30, 3)
    header, _ = sent(page(pixels, pixels))
    del header["beforeBytes"]
    assert header == {
        "key": "compare",
        "beforeLabel": "Noisy",
        "afterLabel": "Clean",
        "width": 30,
        "height": 20,
        "maxHeight": 300,
    }


def test_new_images_are_shown_by_the_same_slider():
    """Its place in the page is what keeps divider and zoom in the browser."""

    def script():
        import numpy as np
        import streamlit as st

        from cae_ui.common.compare_slider import compare_slider

        value = st.number_input("Value", 0, 255)
        pixels = np.full((8, 8, 3), value, np.uint8)
        compare_slider(pixels, pixels, before_label=f"{value}", after_label="After", key="compare")

    page = AppTest.from_function(script, default_timeout=300).run()
    (first,) = page.get("bidi_component")
    page.number_input[0].set_value(200).run()
    (second,) = page.get("bidi_component")
    assert first.proto.bytes != second.proto.bytes
    assert first.proto.id == second.proto.id


@pytest.mark.parametrize("other", [(20, 31, 3), (30, 20, 3), (20, 31)])
def test_images_of_different_size_are_refused(other):
    with pytest.raises(ValueError, match=r"^Two images .* same height and width\.") as refusal:
        compare_slider(random_pixels(20, 30, 3), random_pixels(*other), key="compare", **LABELS)
    assert f"Received: (20, 30) and {other[:2]}. Resize" in str(refusal.value)


@pytest.mark.parametrize(
    ("image", "received"),
    [
        (np.zeros((20, 30, 3), np.float32), "float32 (20, 30, 3)"),
        (np.zeros((20, 30, 4), np.uint8), "uint8 (20, 30, 4)"),
        (np.zeros((1, 20, 30, 3), np.uint8), "uint8 (1, 20, 30, 3)"),
        (np.zeros((0, 30, 3), np.uint8), "uint8 (0, 30, 3)"),
    ],
)
@pytest.mark.parametrize("comes_second", [False, True])
def test_what_is_no_image_is_refused(image, received, comes_second):
    images = [image, random_pixels(20, 30, 3)]
    if comes_second:
        images.reverse()
    with pytest.raises(ValueError, match=r"^An image to compare is a uint8 array") as refusal:
        compare_slider(*images, key="compare", **LABELS)
    assert f"Received: {received}. Convert it" in str(refusal.value)
