"""Hints: colours put on points, kept in the address, taken back."""

import hashlib
import re

import numpy as np
import pytest
from PIL import Image

from cae_core.photos.hints import ColorHint
from cae_ui.colorize.hints import HINTS, OF, PLACE, is_near, read_hints
from tests.app.finding import labelled, labels_of, pickers, press, said, upload
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
    page.query_params.update({HINTS: RED, OF: digest_of(halves())})
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
    assert not {HINTS, OF} & page.query_params.keys()  # they belong to a photo


def digest_of(content):
    """What the address calls an upload."""
    return hashlib.blake2b(content, digest_size=4).hexdigest()


@pytest.mark.heavy
def test_hints_of_an_upload_are_not_put_on_the_sample_that_a_reload_shows(colorize_page, compared):
    page = upload(colorize_page(), "colorize-upload", ("halves.png", halves()))
    choose_any_colour(page, "#ff2020")
    address = dict(page.query_params)
    assert address[OF] == digest_of(halves())
    plain = len(compared)
    page = colorize_page(**address)  # where the upload is gone
    (warning,) = [each.value for each in page.warning if "address" in each.value]
    assert f"{address[OF]}. The page shows Cat without the hints of another photo there" in warning
    assert "Undo" not in labels_of(page.button)
    assert not {HINTS, OF} & page.query_params.keys()
    assert "address" not in said(page.run().warning)
    np.testing.assert_array_equal(compared[plain][1], compared[-1][1])


@pytest.mark.heavy
def test_hints_of_a_sample_are_kept_and_those_of_an_older_address_get_its_name(colorize_page):
    for address in ({}, {OF: "Coffee"}):
        page = colorize_page(**{"colorize-photo": "Coffee", HINTS: RED}, **address)
        assert not page.warning
        assert "Undo" in labels_of(page.button)
        assert (page.query_params[HINTS], page.query_params[OF]) == (RED, "Coffee")
        press(page, "Undo")
        assert not {HINTS, OF} & page.query_params.keys()
    page = colorize_page(**{"colorize-photo": "Coffee", HINTS: RED, OF: "Cat"})
    assert "The page shows Coffee without the hints of another photo there" in said(page.warning)


@pytest.mark.heavy
def test_hints_without_a_name_are_not_put_on_an_upload(colorize_page):
    page = upload(colorize_page(), "colorize-upload", ("halves.png", halves()))
    page.query_params[HINTS] = RED
    assert "Undo" not in labels_of(page.run().button)
    assert HINTS not in page.query_params


def choose_any_colour(page, colour):
    """Chooses a colour in the field."""
    return labelled(page.color_picker, "Any colour").set_value(colour).run()


@pytest.mark.heavy
def test_a_colour_takes_the_place_of_hints_within_a_dot(colorize_page):
    page = colorize_page(**{PLACE: "186,319"})
    choose_any_colour(page, "#ff2020")
    page.query_params[PLACE] = "186,320"
    page.run()
    choose_any_colour(page, "#2040ff")
    (blue,) = read_hints(page.query_params[HINTS])
    assert blue.b < -60
    page.query_params[PLACE] = "186,330"
    page.run()
    choose_any_colour(page, "#ff2020")
    assert len(read_hints(page.query_params[HINTS])) == 2


def test_hints_are_near_by_pixels_and_not_by_shares():
    left, right = (ColorHint(0.5, across, 0.0, 0.0) for across in (0.500, 0.513))
    assert is_near(left, right, (100, 100))
    upper, lower = (ColorHint(down, 0.5, 0.0, 0.0) for down in (0.500, 0.525))
    assert not is_near(upper, lower, (100, 100))
    assert is_near(upper, lower, (100, 200))


@pytest.mark.heavy
def test_what_a_chosen_colour_becomes_at_the_lightness_of_its_point_is_shown(
    colorize_page, compared
):
    page = upload(colorize_page(), "colorize-upload", ("halves.png", halves()))
    page.query_params[PLACE] = "30,75"
    page.run()
    assert not shown_as(page)
    choose_any_colour(page, "#2040ff")
    becomes = "#" + compared[-1][1][30, 75].tobytes().hex()
    assert shown_as(page) == [becomes]
    red, green, blue = bytes.fromhex(becomes[1:])
    assert green > 0x40 + 60  # lighter than what was chosen
    assert blue > max(red, green) + 40
    page.query_params[PLACE] = "30,25"
    assert not shown_as(page.run())


def shown_as(page):
    """The colours that the page says a chosen one becomes."""
    return [
        colour
        for part in page.get("html")
        for colour in re.findall(r"becomes.*(#\w{6})</div>", part.value)
    ]


@pytest.mark.heavy
def test_a_temperature_is_chosen_by_a_click_on_its_image(colorize_page):
    page = colorize_page()
    assert [each["value"] for each in pickers(page)["Temperatures"]["choices"]][:2] == ["1", "0.6"]
    assert pickers(page)["Temperatures"]["chosen"] == "0.25"
