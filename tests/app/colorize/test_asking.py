"""Hints: colours put on points, kept in the address, taken back."""

import hashlib
import re

import numpy as np
import pytest
from PIL import Image

from cae_core.photos.hints import ColorHint
from cae_ui.colorize import hints
from cae_ui.colorize.asking import swatch
from cae_ui.colorize.hints import HINTS, MOST_HINTS, OF, PLACE, is_near, read_hints
from cae_ui.common import photo_choice
from tests.app.finding import labelled, labels_of, pickers, press, said, upload
from tests.app.images import encoded, png

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
    arrive_at(page, **{HINTS: RED, OF: digest_of(halves())})
    hinted = compared[-1][1]
    left, right = differences(hinted, guessed)
    assert left > 30 and right < 3
    arrive_at(page, **{HINTS: f"{RED};{BLUE}"})
    left, right = differences(compared[-1][1], hinted)
    assert left < 3 and right > 20
    press(page, "Undo")
    assert page.query_params[HINTS] == RED
    np.testing.assert_array_equal(compared[-1][1], hinted)
    upload(page, "colorize-upload", ("halves.png", halves()), ("other.png", halves()))
    page.button_group("colorize-photo-instead").set_value("Rocket").run()
    assert not {HINTS, OF} & page.query_params.keys()  # they belong to a photo


def arrive_at(page, *left_out, **address):
    """Back or Forward to an address with some values, and without others."""
    page.query_params.update(address)
    for name in left_out:
        page.query_params.pop(name, None)
    with pytest.MonkeyPatch.context() as browser:
        for module in (hints, photo_choice):
            browser.setattr(module, "is_back_or_forward", lambda: True)
        return page.run()


def in_address(page):
    """The hints in the address as they are written, and the photo that they are of."""
    return page.query_params[HINTS], page.query_params[OF]


def hints_in(page):
    """The hints in the address."""
    return read_hints(page.query_params.get(HINTS, ""))


def choose_upload(page, name):
    """Clicks an upload's thumbnail, of several."""
    (found,) = [
        each["value"] for each in pickers(page)["Your photos"]["choices"] if each["title"] == name
    ]
    page.session_state["colorize-chosen"] = found
    return page.run()


def digest_of(content):
    """What the address calls an upload."""
    return hashlib.blake2b(content, digest_size=4).hexdigest()


@pytest.mark.heavy
def test_hints_of_an_upload_wait_for_it_after_a_reload(colorize_page, compared):
    page = upload(colorize_page(), "colorize-upload", ("halves.png", halves()))
    plain, guessed = compared[0][1], compared[-1][1]
    choose_any_colour(page, "#ff2020")
    address, hinted = in_address(page), compared[-1][1]
    assert address[1] == digest_of(halves())
    page = colorize_page(**dict(page.query_params))  # where the upload is gone
    for _ in range(2):
        assert not page.warning
        assert "belong to a photo that was uploaded: upload or choose it" in said(page.info)
        assert "Undo" not in labels_of(page.button)
        assert in_address(page) == address
        np.testing.assert_array_equal(plain, compared[-1][1])
        page.run()
    upload(page, "colorize-upload", ("again.png", halves()))
    assert not page.info
    assert in_address(page) == address
    np.testing.assert_array_equal(compared[-1][1], hinted)
    press(page, "Undo")
    np.testing.assert_array_equal(compared[-1][1], guessed)


@pytest.mark.heavy
def test_hints_wait_for_their_upload_while_others_are_put_on_a_sample(colorize_page):
    page = colorize_page(**{HINTS: RED, OF: digest_of(halves())})
    choose_any_colour(page, "#ff2020")
    assert not page.info
    assert page.query_params[OF] == "Cat"
    upload(page, "colorize-upload", ("halves.png", halves()))
    assert page.query_params[HINTS] == RED


@pytest.mark.heavy
def test_hints_come_back_with_their_photo(colorize_page):
    page = colorize_page(**{"colorize-photo": "Photographer"})
    choose_any_colour(page, "#ff2020")
    kept = in_address(page)
    page.button_group("colorize-photo").set_value("Cat").run()
    assert not {HINTS, OF} & page.query_params.keys()
    assert "Undo" not in labels_of(page.button)
    page.button_group("colorize-photo").set_value("Photographer").run()
    assert in_address(page) == kept
    upload(page, "colorize-upload", ("halves.png", halves()), ("other.png", png(90, 70)))
    choose_any_colour(page, "#2040ff")
    blue = in_address(page)
    assert blue[1] == digest_of(halves())
    choose_upload(page, "other.png")
    assert HINTS not in page.query_params
    choose_upload(page, "halves.png")
    assert in_address(page) == blue
    page.button_group("colorize-photo-instead").set_value("Photographer").run()
    assert in_address(page) == kept


@pytest.mark.heavy
def test_hints_come_back_with_the_page(colorize_page):
    page = colorize_page()
    choose_any_colour(page, "#ff2020")
    kept = in_address(page)
    for path in ("pages/denoise.py", "pages/colorize.py"):
        page.query_params.clear()
        page.switch_page(path).run()
    assert in_address(page) == kept


@pytest.mark.heavy
def test_back_to_an_address_shows_the_hints_that_it_has(colorize_page):
    page = colorize_page()
    choose_any_colour(page, "#ff2020")
    red = page.query_params[HINTS]
    arrive_at(page, HINTS, OF)
    assert HINTS not in page.query_params
    press(page, "Undo")
    assert page.query_params[HINTS] == red
    arrive_at(page, HINTS, OF)
    arrive_at(page, **{HINTS: red, OF: "Cat"})
    assert page.query_params[HINTS] == red
    press(page, "Undo")
    assert HINTS not in page.query_params


@pytest.mark.heavy
def test_a_press_before_the_browser_has_the_newest_address_loses_no_hint(colorize_page):
    page = colorize_page(**{PLACE: "100,100"})
    choose_any_colour(page, "#ff2020")
    for name in (HINTS, OF):
        page.query_params.pop(name)
    page.query_params[PLACE] = "200,200"
    page.run()
    assert len(hints_in(page)) == 1
    page.query_params.pop(HINTS)
    choose_any_colour(page, "#2040ff")
    assert len(hints_in(page)) == 2


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
    assert "Undo" not in labels_of(arrive_at(page, **{HINTS: RED}).button)
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


@pytest.mark.heavy
def test_undo_brings_back_a_hint_that_another_has_replaced(colorize_page):
    page = colorize_page()
    for colour in ("#2040ff", "#c0a080"):
        choose_any_colour(page, colour)
    (tan,) = hints_in(page)
    press(page, "Undo")
    (blue,) = hints_in(page)
    assert blue.b < -60 < tan.b
    press(page, "Undo")
    assert not hints_in(page)
    assert "Undo" not in labels_of(page.button)


@pytest.mark.heavy
def test_undo_brings_back_what_was_removed(colorize_page):
    page = colorize_page(**{HINTS: f"{RED};{BLUE}"})
    press(page, "Remove all")
    assert not {HINTS, OF} & page.query_params.keys()
    assert "Remove all" not in labels_of(page.button)
    press(page, "Undo")
    assert page.query_params[HINTS] == f"{RED};{BLUE}"
    for left in (RED, None):  # of the address
        press(page, "Undo")
        assert page.query_params.get(HINTS) == left


@pytest.mark.heavy
def test_any_colour_can_be_chosen_again_after_it_was_taken_back(colorize_page):
    page = colorize_page()
    choose_any_colour(page, "#2040ff")
    kept = page.query_params[HINTS]
    press(page, "Undo")
    choose_any_colour(page, "#2040ff")
    assert page.query_params[HINTS] == kept


@pytest.mark.heavy
def test_a_hint_too_many_is_refused_with_a_sentence(colorize_page):
    full = ";".join(f"{40 * row + 20},500,60,40" for row in range(MOST_HINTS))
    page = colorize_page(**{HINTS: full, PLACE: "150,10"})
    assert f"A photo has at most {MOST_HINTS} hints" in said(page.info)
    assert "Any colour" not in labels_of(page.color_picker)
    page.query_params.pop(PLACE)  # to the middle, where there is one
    page.run()
    assert not page.info
    choose_any_colour(page, "#2040ff")
    assert len(hints_in(page)) == MOST_HINTS
    page.query_params[PLACE] = "150,10"
    page.run()
    press(page, "Undo")
    press(page, "Undo")
    assert not page.info


def test_likely_colours_can_be_told_apart_at_a_black_point():
    swatches = [swatch(2.0, *ab) for ab in ((0.0, 0.0), (40.0, 30.0), (-40.0, 30.0))]
    upper, lower = (np.array([each[row, 0] for each in swatches], int) for row in (5, -5))
    assert np.ptp(upper, axis=0).max() < 30 < np.ptp(lower, axis=0).min()


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
