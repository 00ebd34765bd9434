"""The colorize page in a browser: colours come, change with the slider, and are taken home."""

import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from skimage import data
from skimage.color import rgb2lab

from tests.app.images import encoded, png, scene
from tests.browser.rest import at_rest

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def png_of(pixels):
    return encoded(Image.fromarray(pixels), "PNG")


def downloaded(page):
    with page.expect_download() as download:
        at_rest(page.get_by_role("button", name=re.compile(r"Colorized$"))).click()
    return np.asarray(Image.open(io.BytesIO(download.value.path().read_bytes())))


def colourfulness(page):
    """The cell of the first table, which is drawn on a canvas and repeated for screen readers."""
    return page.get_by_test_id("glide-cell-5-1").first


def test_a_photo_is_colorized_made_grey_again_and_taken_home(visit):
    page = visit("/colorize")
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(
        {"name": "coffee.png", "mimeType": "image/png", "buffer": png_of(data.coffee()[::2, ::2])}
    )
    expect(page.get_by_text("300 × 200 pixels")).to_be_visible()
    expect(page.get_by_text("Colours are guesses.", exact=True)).to_be_visible()
    colourful = downloaded(page)
    assert np.ptp(colourful.astype(int), axis=2).mean() > 3
    lightness = [rgb2lab(p)[..., 0] for p in (colourful, data.coffee()[::2, ::2])]
    assert np.abs(lightness[0] - lightness[1]).max() < 0.6  # what 8 bits allow

    expect(colourfulness(page)).to_have_text(re.compile(r"^\d"))
    assert float(colourfulness(page).inner_text()) > 0.1

    slider = page.get_by_role("slider", name="Saturation")
    at_rest(slider).press("Home")
    expect(slider).to_have_value("0")
    expect(page.get_by_text("gamut of sRGB: 0.0 % of what is neither")).to_be_visible()
    expect(colourfulness(page)).to_have_text(re.compile(r"^0(\.0+)?$"))
    expect(page).to_have_url(re.compile(r"saturation=0"))
    grey = downloaded(page)
    assert np.ptp(grey.astype(int), axis=2).max() <= 1


@pytest.mark.heavy
def test_a_hint_colours_where_it_is_put_and_not_across_an_edge(visit):
    page = visit("/colorize")
    grey = np.full((200, 300), 90, np.uint8)
    grey[:, 150:] = 160
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(
        {"name": "halves.png", "mimeType": "image/png", "buffer": png_of(grey)}
    )
    expect(page.get_by_text("300 × 200 pixels")).to_be_visible()
    guessed = downloaded(page).astype(int)
    place = page.get_by_role("application", name=re.compile("click where you know the colour"))
    box = at_rest(place).bounding_box()
    place.click(position={"x": box["width"] / 4, "y": box["height"] / 2})
    expect(page).to_have_url(re.compile("hint-at="))
    likely = page.get_by_role("group", name="Likely colours").get_by_role("button")
    at_rest(likely.last).click()
    expect(page.get_by_text("1 hint; the address of the page has it.")).to_be_visible()
    at_rest(place)
    changed = np.abs(downloaded(page).astype(int) - guessed).max(axis=2)
    assert changed[:, 20:130].mean() > 8
    assert changed[:, 170:].max() <= 3
    at_rest(page.get_by_role("button", name=re.compile("Undo$"))).click()
    expect(page).not_to_have_url(re.compile("hints="))


@pytest.mark.heavy
def test_hints_come_back_with_their_photo_with_back_and_with_the_page(visit):
    page = visit("/colorize?hints=500,250,60,40")
    count = page.get_by_text("1 hint; the address of the page has it.")
    expect(count).to_be_visible()
    at_rest(page.get_by_role("radio", name="Coffee")).click()
    expect(page).not_to_have_url(re.compile("hints="))
    expect(count).to_have_count(0)
    page.go_back()
    expect(count).to_be_visible()
    for name in ("Coffee", "Cat"):
        at_rest(page.get_by_role("radio", name=name)).click()
        expect(count).to_have_count(int(name == "Cat"))
    expect(page).to_have_url(re.compile("hints=.*hints-of=Cat"))
    page.go_back()
    expect(page).to_have_url(re.compile("colorize-photo=Coffee$"))
    expect(count).to_have_count(0)
    page.go_forward()
    expect(count).to_be_visible()
    for title in ("Denoise", "Colorize"):
        at_rest(page.get_by_role("button", name="Use", exact=True)).click()
        page.get_by_role("menuitem", name=re.compile(f"{title}$")).click()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(count).to_be_visible()


POINT = re.compile("click where you know the colour")


def test_the_mark_goes_as_many_pixels_as_an_arrow_key_was_pressed(visit):
    page = visit("/colorize?hint-at=100,100")
    point = page.get_by_role("application", name=POINT)
    mark = point.locator(".place")
    width = at_rest(point).locator("canvas").get_attribute("width")
    for _ in range(10):
        point.press("ArrowRight")
    moved = f"{100 * 110 / int(width)}"[:6]
    expect(mark).to_have_attribute("style", re.compile(rf"left: {re.escape(moved)}"))  # at once
    point.press("ArrowDown")
    expect(page).to_have_url(re.compile("hint-at=101(%2C|,)110"))
    at_rest(point).press("ArrowLeft")
    expect(page).to_have_url(re.compile("hint-at=101(%2C|,)109"))
    # What comes from elsewhere counts again.
    at_rest(page.get_by_role("radio", name="Coffee")).click()
    expect(page).not_to_have_url(re.compile("hint-at="))
    at_rest(point)
    expect(mark).to_have_attribute("style", re.compile(r"left: 50%"))


@pytest.mark.heavy
def test_the_frame_goes_as_many_pixels_as_an_arrow_key_was_pressed(visit):
    page = visit("/colorize?part-at=0,0")  # the frame's middle cannot be there
    large = encoded(scene(1700, 1300), "PNG")
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(
        {"name": "large.png", "mimeType": "image/png", "buffer": large}
    )
    page.get_by_role("button", name=re.compile("Colorize all 2.2 megapixels$")).click()
    frame = page.get_by_role("application", name=re.compile("drag the frame"))
    box = at_rest(frame).locator(".box")
    before = box.bounding_box()
    for _ in range(6):
        frame.press("ArrowRight")
    assert box.bounding_box()["x"] - before["x"] == pytest.approx(6, abs=1)
    at_rest(frame)
    assert box.bounding_box()["x"] - before["x"] == pytest.approx(6, abs=1)


@pytest.mark.heavy
def test_on_a_telephone_nothing_is_wider_than_the_screen(visit):
    page = visit("/colorize?inside=true", **PHONE)
    expect(page.get_by_role("heading", name="Why only the chrominance?")).to_be_visible()
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(2)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


@pytest.mark.heavy
def test_work_on_many_megapixels_can_be_cancelled_and_done(visit):
    page = visit("/colorize")
    photo = encoded(scene(6000, 4000).convert("L"), "JPEG", quality=90)
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(
        {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": photo}
    )
    start = page.get_by_role("button", name=re.compile("Colorize all 24.0 megapixels$"))
    cancel = page.get_by_role("button", name=re.compile("Cancel$"))
    at_rest(start).click()
    cancel.click()
    expect(cancel).to_have_count(0)
    at_rest(start).click()
    expect(page.get_by_text("6,000 × 4,000 pixels, done in")).to_be_visible()
    with page.expect_download() as download:
        at_rest(page.get_by_role("button", name=re.compile("Colorized, PNG, "))).click()
    assert download.value.suggested_filename == "large-colorized.png"
    content = download.value.path().read_bytes()
    assert Image.open(io.BytesIO(content)).size == (6000, 4000)


@pytest.mark.heavy
def test_three_photos_are_colorized_at_once_and_taken_home_in_a_zip(visit):
    page = visit("/colorize")
    sizes = {"beach.png": (211, 133), "dog.png": (120, 160), "night.png": (96, 64)}
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(
        [
            {"name": name, "mimeType": "image/png", "buffer": png(*size)}
            for name, size in sizes.items()
        ]
    )
    at_rest(page.get_by_role("button", name=re.compile("Colorize all 3 photos$"))).click()
    expect(page.get_by_text("3 of 3 colorized in")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="All colorized, ZIP").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        found = {name: Image.open(archive.open(name)).size for name in archive.namelist()}
    assert found == {name.replace(".png", "-colorized.png"): size for name, size in sizes.items()}
