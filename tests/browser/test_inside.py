"""The page Inside in a browser: clicks choose, a moved slider changes the decoded image."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.rest import at_rest

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def test_a_layer_a_map_and_a_pixel_are_clicked_and_the_address_keeps_them(visit):
    page = visit("/inside")
    expect(page.get_by_role("group", name="Feature maps").get_by_role("button")).to_have_count(8)
    page.get_by_role("radio", name="3 conv12").click()
    maps = page.get_by_role("group", name="Feature maps").get_by_role("button")
    expect(maps).to_have_count(12)
    second = maps.nth(1)
    second.click()
    expect(second).to_have_attribute("aria-pressed", "true")
    channel = re.search(r"Channel (\d+)", second.get_attribute("title"))[1]
    expect(page).to_have_url(re.compile(f"channel={channel}"))
    # A number of the 16 x 16 map is 20 pixels wide.
    large = page.get_by_role("application", name=re.compile(f"^Channel {channel}:"))
    large.click(position={"x": 70, "y": 30})
    expect(page).to_have_url(re.compile(r"place=1(,|%2C)3"))
    expect(page.get_by_text(re.compile(rf"The number at \(1, 3, {channel}\) is"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile(rf"The number at \(1, 3, {channel}\) is"))).to_be_visible()


def test_a_moved_slider_changes_the_decoded_image(visit):
    page = visit("/inside?part=Latent")
    channels = page.get_by_role("group", name="Channels of the latent").get_by_role("button")
    expect(channels).to_have_count(16)
    metric = page.get_by_test_id("stMetric")
    expect(metric).to_have_text(re.compile(r"\d+\.\d\d dB$"))
    before = metric.inner_text()
    at_rest(page.get_by_role("slider", name="Bits a number")).press("Home")
    expect(page.get_by_text("1,024 numbers of 1 bit are 128 bytes")).to_be_visible()
    expect(metric).to_have_text(re.compile(r"−\d+\.\d\d dB$"))
    assert metric.inner_text() != before
    dearest = page.get_by_role("group", name="Ranking").get_by_role("button").first
    dearest.click()
    page.get_by_role("radio", name="Mute").click()
    expect(page).to_have_url(re.compile("edits=.*mute"))


def test_a_replayed_moment_and_what_lies_on_the_map_outlast_a_reload(visit):
    page = visit("/inside?network=vae2-mnist&part=Learning")
    at_rest(page.get_by_role("slider", name="Epochs trained")).press("Home")
    expect(page.get_by_text("The output, epoch 0", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"moment=0($|&)"))
    page.reload()
    expect(page.get_by_text("The output, epoch 0", exact=True)).to_be_visible()
    photo = page.get_by_text("A photo", exact=True)
    expect(photo).to_be_hidden()

    page.get_by_role("radio", name="Map").click()
    expect(photo).to_be_visible()
    page.get_by_role("button", name="Images", exact=True).click()
    expect(page).to_have_url(re.compile("on_map=plane&on_map=images"))
    page.get_by_role("button", name="Draw others").click()
    expect(page).to_have_url(re.compile(r"draw=1($|&)"))
    page.reload()
    for layer in ("Decoded plane", "Images"):
        chosen = page.get_by_role("button", name=layer, exact=True)
        expect(chosen).to_have_attribute("aria-pressed", "true")


def test_the_ring_on_the_map_goes_where_its_sliders_say(visit):
    page = visit("/inside?network=vae2-mnist&part=Map&at=0,0")
    ring, slider = page.locator(".cae-mark"), page.get_by_role("slider", name="Number 1")
    expect(ring).to_be_visible()
    top = ring.evaluate("ring => ring.style.top")
    places = [ring.evaluate("ring => ring.style.left")]
    for _ in range(2):
        at_rest(slider).press("ArrowRight")
        expect(ring).not_to_have_css("left", places[-1])
        places.append(at_rest(ring).evaluate("ring => ring.style.left"))
    across = [float(place.removesuffix("px")) for place in places]
    assert across == sorted(across)
    slider.press("ArrowLeft")
    expect(ring).to_have_css("left", places[1])
    expect(ring).to_have_css("top", top)


@pytest.mark.heavy
def test_a_point_of_the_map_shows_its_image_under_the_pointer_and_opens_it_at_a_click(visit):
    page = visit("/inside?part=Map", viewport={"width": 1440, "height": 1200})
    # The first trace is of unseen points, the second of the images.
    point = page.locator(".js-plotly-plot .trace.scatter").nth(1).locator(".points path").first
    expect(at_rest(point)).to_be_attached()
    box = point.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 30, y)
    page.mouse.move(x, y, steps=5)
    image = page.locator("canvas[style*=top]")
    expect(image).to_be_visible()
    page.get_by_role("heading", name="Inside").hover()
    expect(image).to_be_hidden()
    page.mouse.click(x, y)
    expect(page).to_have_url(re.compile(r"at=\d+($|&)"))


@pytest.mark.heavy
def test_on_a_phone_nothing_is_wider_than_the_screen_in_any_part(visit):
    page = visit("/inside", **PHONE)
    for part, sign in (
        ("Layers", "One scale of colours"),
        ("Latent", "Which numbers matter"),
        ("Between two images", "In the latent: every step"),
    ):
        page.get_by_role("radio", name=part).click()
        expect(page.get_by_text(sign)).to_be_visible()
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1]
