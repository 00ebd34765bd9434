"""Hints: colours put on points, kept in the address, taken back."""

import numpy as np
import pytest
from PIL import Image

from cae_ui.colorize.hints import HINTS
from tests.app.finding import labels_of, pickers, press, upload
from tests.app.images import encoded

RED, BLUE = "500,250,60,40", "500,750,10,-50"


def halves():
    """A grey photo of two plain halves."""
    grey = np.full((60, 100), 90, np.uint8)
    grey[:, 50:] = 160
    return encoded(Image.fromarray(grey), "PNG")


def differences(image, other):
    """Mean difference of two images, in their left and in their right part."""
    found = np.abs(image.astype(int) - other).max(axis=2)
    return found[:, :44].mean(), found[:, 56:].mean()


@pytest.mark.heavy
def test_hints_colour_where_they_were_put_are_in_the_address_and_are_undone(
    colorize_page, compared
):
    page = upload(colorize_page(), "colorize-upload", ("halves.png", halves()))
    likely = pickers(page)["Likely colours"]["choices"]
    assert likely and "Undo" not in labels_of(page.button)
    guessed = compared[-1][1]
    page.query_params[HINTS] = RED
    page.run()
    hinted = compared[-1][1]
    left, right = differences(hinted, guessed)
    assert left > 30 and right < 3
    page.query_params[HINTS] = f"{RED};{BLUE}"
    page.run()
    left, right = differences(compared[-1][1], hinted)
    assert left < 3 and right > 20
    press(page, "Undo")
    assert page.query_params[HINTS] == RED
    np.testing.assert_array_equal(compared[-1][1], hinted)
    upload(page, "colorize-upload", ("halves.png", halves()), ("other.png", halves()))
    page.button_group("colorize-photo-instead").set_value("Rocket").run()
    assert HINTS not in page.query_params  # they belong to a photo


@pytest.mark.heavy
def test_a_temperature_is_chosen_by_a_click_on_its_image(colorize_page):
    page = colorize_page()
    assert [each["value"] for each in pickers(page)["Temperatures"]["choices"]][:2] == ["1", "0.6"]
    assert pickers(page)["Temperatures"]["chosen"] == "0.25"
