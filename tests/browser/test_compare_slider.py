"""The comparison slider in a browser: moved by hand, exact to the pixel, calm with new images."""

import io
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError
from urllib.parse import urlencode

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PROJECT = Path(__file__).parents[2]
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 600}, "has_touch": True, "is_mobile": True}
NAMES = ("Before", "After")
EVIL = '<img src=x onerror="document.title=1">'

# Two images of random pixels; the button brings the next two and something above the slider.
SCRIPT = f"""
import contextlib

import numpy as np
import streamlit as st

from cae_ui.common.compare_slider import compare_slider

st.set_page_config(layout="wide", page_icon={str(PROJECT / "cae_ui" / "icon.png")!r})
if st.button("New images"):
    st.session_state["number"] = st.session_state.get("number", 0) + 1
number = st.session_state.get("number", 0)
if number:
    st.write(f"Images number {{number}}.")
wanted = st.query_params
place = contextlib.nullcontext()
if "tab" in wanted:
    place = st.tabs(["First", "Second"])[1]
if "container" in wanted:
    place = st.container()
rng = np.random.default_rng(number)
size = (2, int(wanted["height"]), int(wanted["width"]), 3)
before, after = rng.integers(0, 256, size, dtype=np.uint8)
if st.toggle("Compare", value=True):
    with place:
        compare_slider(
            before,
            after,
            before_label=wanted.get("label", "Before"),
            after_label="After",
            key="compare",
            height=400,
        )
st.html("<div style='height: 1500px'></div>")
"""


@pytest.fixture(scope="module")
def server(browser, tmp_path_factory):
    """A page with nothing but a slider, in the place of the app."""
    folder = tmp_path_factory.mktemp("slider")
    script, log = folder / "page.py", folder / "server.log"
    script.write_text(SCRIPT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    host, port = address.split(":")
    options = {"address": host, "port": port, "headless": "true"}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own script, no shell
            [sys.executable, "-m", "streamlit", "run", str(script)]
            + [f"--server.{name}={value}" for name, value in options.items()],
            cwd=PROJECT,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            stdout=output,
            stderr=output,
        )
    try:
        wait_until_healthy(process, f"http://{address}/_stcore/health", log)
        yield SimpleNamespace(address=f"http://{address}")
    finally:
        process.terminate()
        process.wait()
    assert "Traceback" not in log.read_text()


def wait_until_healthy(process, health, log):
    """Asks again and again; a refused connection comes back at once."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=30):  # noqa: S310 - our own server
                return
        except (URLError, ConnectionError):
            continue
    raise RuntimeError(f"The server ended: {log.read_text()}")


@pytest.fixture
def compare(visit):
    """Opens a page that compares two images of some size."""

    def open_page(width, height, *, query="", **options):
        page = visit(f"/?width={width}&height={height}&{query}", **(options or DESKTOP))
        expect(page.get_by_text(f"{width:,} × {height:,} pixels, shown at")).to_be_visible()
        return page

    return open_page


def images(width, height, number=0):
    """What the page shows."""
    size = (2, height, width, 3)
    return np.random.default_rng(number).integers(0, 256, size, dtype=np.uint8)


def divider(page):
    return page.get_by_role("slider", name="Divider between")


def image(page, name):
    return page.get_by_alt_text(name, exact=True)


def stage(page):
    return page.get_by_role("group", name="Before and After")


def zoom(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def expect_position(page, percent):
    expect(divider(page)).to_have_attribute("aria-valuenow", f"{percent}")


def middle(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def mouse_drag(page, start, right, down=0):
    x, y = start
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    page.mouse.up()


# Moving the divider


def test_the_divider_is_dragged_with_the_mouse(compare):
    page = compare(400, 200)  # 800 pixels wide on screen
    expect_position(page, 50)
    mouse_drag(page, middle(divider(page)), 200)
    expect_position(page, 75)
    mouse_drag(page, middle(divider(page)), -2000)
    expect_position(page, 0)


@pytest.mark.heavy
def test_taking_the_divider_beside_its_line_does_not_move_it(compare):
    page = compare(400, 200)
    x, y = middle(divider(page))
    mouse_drag(page, (x + 10, y - 100), 80)
    expect_position(page, 60)


@pytest.mark.heavy
@pytest.mark.parametrize("name", ["Fit", "4:1"])
def test_a_click_moves_the_divider_there(compare, name):
    page = compare(400, 200)
    zoom(page, name)
    box = stage(page).bounding_box()
    frame = 800 if name == "Fit" else box["width"]
    x = box["x"] + box["width"] / 2 - frame / 4
    page.mouse.click(x, box["y"] + 50)
    expect_position(page, 25)


def test_the_divider_is_moved_with_the_keyboard(compare):
    page = compare(400, 200)
    keys = {
        "ArrowRight": 51,
        "ArrowUp": 52,
        "PageUp": 62,
        "ArrowLeft": 61,
        "ArrowDown": 60,
        "PageDown": 50,
        "End": 100,
        "Home": 0,
    }
    for key, position in keys.items():
        divider(page).press(key)
        expect_position(page, position)
    divider(page).press("ArrowLeft")
    expect_position(page, 0)
    expect(divider(page)).to_have_attribute("aria-valuetext", "0 % Before")


def finger_moves(page, start, right, down):
    """What a touch screen reports of one finger."""
    screen = page.context.new_cdp_session(page)

    def report(kind, *points):
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = start
    report("touchStart", {"x": x, "y": y})
    for part in np.linspace(0.1, 1, 10).tolist():
        report("touchMove", {"x": x + part * right, "y": y + part * down})
    report("touchEnd")


@pytest.mark.parametrize("begins", ["on the handle", "elsewhere"])
def test_the_divider_is_dragged_with_a_finger(compare, begins):
    page = compare(360, 180, **PHONE)
    box = stage(page).bounding_box()
    x, y = middle(divider(page))
    if begins == "elsewhere":
        x, y = x - 100, y - 50
    finger_moves(page, (x, y), 100, 5)
    expect_position(page, round(100 * (x + 100 - box["x"]) / box["width"]))


@pytest.mark.heavy
def test_a_tap_moves_the_divider_there(compare):
    page = compare(360, 180, **PHONE)
    box = stage(page).bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + 50)
    expect_position(page, 25)


@pytest.mark.heavy
def test_a_finger_that_moves_up_scrolls_the_page(compare):
    page = compare(360, 180, **PHONE)
    x, y = middle(stage(page))
    finger_moves(page, (x - 80, y + 80), 8, -250)
    expect(stage(page)).not_to_be_in_viewport(ratio=1)
    expect_position(page, 50)


@pytest.mark.heavy
def test_a_finger_pans_an_enlarged_image(compare):
    page = compare(360, 180, **PHONE)
    zoom(page, "4:1")
    screen = image(page, "After")
    expect(screen).to_have_css("left", "-541px")  # the middle of 1440 in 358
    expect(screen).to_have_css("top", "-270px")  # the middle of 720 in 179
    x, y = middle(stage(page))
    finger_moves(page, (x - 80, y + 20), 60, -40)
    expect(screen).to_have_css("left", "-481px")
    expect(screen).to_have_css("top", "-310px")
    expect_position(page, 50)


# Exact pixels


def screen(page, name):
    """The device pixels where an image is."""
    ratio = page.evaluate("devicePixelRatio")
    box = image(page, name).bounding_box()
    left, top, width, height = (round(ratio * box[part]) for part in ("x", "y", "width", "height"))
    shot = Image.open(io.BytesIO(page.screenshot(scale="device"))).convert("RGB")
    return np.asarray(shot)[top : top + height, left : left + width]


def enlarged(pixels, factor):
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


@pytest.mark.parametrize("ratio", [pytest.param(1, marks=pytest.mark.heavy), 2])
@pytest.mark.parametrize(("name", "factor"), [("1:1", 1), ("4:1", 4)])
def test_pixels_on_screen_are_the_pixels_of_the_images(compare, ratio, name, factor):
    page = compare(120, 38, device_scale_factor=ratio, reduced_motion="reduce", **DESKTOP)
    zoom(page, name)
    both = [enlarged(screen, factor * ratio) for screen in images(120, 38)]
    # Clear of divider, handle and labels: at 1:1 the image is too low for the latter two.
    side, top = (3 * ratio, 0) if factor == 1 else (40 * ratio, 40 * ratio)
    for key, shown, expected in zip(("End", "Home"), NAMES, both, strict=True):
        divider(page).press(key)
        np.testing.assert_array_equal(
            screen(page, shown)[top:, side:-side], expected[top:, side:-side]
        )


@pytest.mark.heavy
def test_a_small_image_is_enlarged_to_squares(compare):
    page = compare(32, 32, reduced_motion="reduce", **DESKTOP)  # 12 times: 384 of 400 pixels
    divider(page).press("End")
    before, _ = images(32, 32)
    seen = screen(page, "Before")
    np.testing.assert_array_equal(seen[40:, :-40], enlarged(before, 12)[40:, :-40])


@pytest.mark.heavy
def test_a_large_image_fits_without_a_jump(compare):
    page = compare(1600, 1200)
    box = image(page, "After").bounding_box()
    assert (box["width"], box["height"]) == (533, 400)
    expect(image(page, "After")).to_have_css("image-rendering", "auto")
    height = stage(page).bounding_box()["height"]
    for name in ("4:1", "1:1", "Fit"):
        zoom(page, name)
        assert stage(page).bounding_box()["height"] == height


# Zoom and pan


def centre(page):
    """The image's point at the stage's centre, in parts of its size."""
    box = image(page, "After").bounding_box()
    x, y = middle(page.get_by_role("group", name="Before and After"))
    return (x - box["x"]) / box["width"], (y - box["y"]) / box["height"]


def test_the_image_is_panned_by_dragging_and_by_keys_but_not_out_of_the_stage(compare):
    page = compare(600, 400)
    zoom(page, "4:1")
    expect_position(page, 50)
    x, y = middle(stage(page))
    before = image(page, "After").bounding_box()
    mouse_drag(page, (x + 100, y + 100), -80, 40)
    after = image(page, "After").bounding_box()
    assert (after["x"] - before["x"], after["y"] - before["y"]) == (-80, 40)
    expect_position(page, 50)
    stage(page).press("ArrowRight")
    assert image(page, "After").bounding_box()["x"] == after["x"] - 40
    for _ in range(3):
        mouse_drag(page, (x + 100, y + 100), 2000, 2000)
    box = stage(page).bounding_box()
    corner = image(page, "After").bounding_box()
    assert (corner["x"], corner["y"]) == (box["x"], box["y"])
    assert image(page, "Before").bounding_box() == corner


@pytest.mark.heavy
def test_the_same_point_stays_under_the_centre_when_zooming(compare):
    page = compare(1600, 1600)
    zoom(page, "1:1")
    x, y = middle(stage(page))
    mouse_drag(page, (x + 100, y + 100), -90, 210)
    point = centre(page)
    assert point == pytest.approx(((1600 / 2 + 90) / 1600, (1600 / 2 - 210) / 1600), abs=1e-3)
    zoom(page, "4:1")
    assert centre(page) == pytest.approx(point, abs=1e-3)
    zoom(page, "1:1")
    assert centre(page) == pytest.approx(point, abs=1e-3)


@pytest.mark.heavy
def test_the_wheel_pans_and_then_scrolls_the_page(compare):
    page = compare(600, 400)
    zoom(page, "4:1")
    x, y = middle(stage(page))
    top = stage(page).bounding_box()["y"]
    page.mouse.move(x + 100, y)
    page.mouse.wheel(0, 100)
    screen = image(page, "After")
    expect(screen).to_have_css("top", "-700px")  # from -600, the middle of 1600 in 400
    assert stage(page).bounding_box()["y"] == top
    page.mouse.wheel(0, 1000)
    expect(screen).to_have_css("top", "-1200px")  # the end
    assert stage(page).bounding_box()["y"] == top
    page.mouse.wheel(0, 1000)
    expect(stage(page)).not_to_be_in_viewport()


# Labels


@pytest.mark.heavy
def test_labels_leave_when_the_divider_leaves_them_no_room(compare):
    page = compare(400, 200)
    labels = [page.locator(".before-label"), page.locator(".after-label")]
    for key, visible in (("Home", (0, 1)), ("End", (1, 0))):
        divider(page).press(key)
        for label, opacity in zip(labels, visible, strict=True):
            expect(label).to_have_css("opacity", f"{opacity}")


@pytest.mark.heavy
def test_labels_are_text_whatever_they_contain(compare):
    page = compare(400, 200, query=urlencode({"label": EVIL}))
    expect(page.locator(".before-label")).to_have_text(EVIL)
    expect(image(page, EVIL)).to_be_visible()
    assert page.title() != "1"


# New images


def bring_new_images(page):
    old = image(page, "After").get_attribute("src")
    page.get_by_role("button", name="New images").click()
    expect(image(page, "After")).not_to_have_attribute("src", old)


@pytest.mark.heavy
@pytest.mark.parametrize("where", ["", "container"])
def test_new_images_leave_divider_zoom_and_pan_as_they_are(compare, where):
    """Also in a container, which Streamlit makes anew when something comes above it."""
    page = compare(600, 400, query=f"{where}=1")
    zoom(page, "4:1")
    x, y = middle(stage(page))
    mouse_drag(page, (x + 100, y + 100), -80, 40)
    divider(page).press("PageUp")
    point = centre(page)
    bring_new_images(page)
    expect(page.get_by_text("Images number 1.")).to_be_visible()
    expect_position(page, 60)
    expect(page.get_by_role("button", name="4:1")).to_have_attribute("aria-pressed", "true")
    assert centre(page) == point


def test_images_are_replaced_by_images_that_can_be_painted_at_once(compare):
    page = compare(600, 400)
    page.evaluate("""() => {
        const root = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot;
        window.complete = [];
        new MutationObserver((changes) => {
            for (const { addedNodes: [added] } of changes) {
                if (added instanceof HTMLImageElement) window.complete.push(added.complete);
            }
        }).observe(root.querySelector(".stage"), { childList: true, subtree: true });
    }""")
    bring_new_images(page)
    assert page.evaluate("complete") == [True, True]


@pytest.mark.heavy
def test_new_images_are_exactly_the_new_ones(compare):
    page = compare(120, 38)
    zoom(page, "1:1")
    bring_new_images(page)
    divider(page).press("Home")
    _, after = images(120, 38, number=1)
    np.testing.assert_array_equal(screen(page, "After")[:, 3:], after[:, 3:])


@pytest.mark.heavy
def test_a_slider_that_went_away_comes_back_as_it_was(compare):
    page = compare(400, 200)
    divider(page).press("PageUp")
    page.get_by_text("Compare", exact=True).click()
    expect(divider(page)).to_have_count(0)
    page.get_by_text("Compare", exact=True).click()
    expect_position(page, 60)
    divider(page).press("ArrowLeft")
    expect_position(page, 59)


def test_a_slider_in_a_tab_takes_its_size_when_the_tab_is_opened(visit):
    page = visit("/?width=400&height=200&tab=1", **DESKTOP)
    expect(image(page, "After")).to_be_attached()
    expect(image(page, "After")).to_be_hidden()
    page.get_by_role("tab", name="Second").click()
    expect(image(page, "After")).to_have_css("width", "800px")
    mouse_drag(page, middle(divider(page)), 200)
    expect_position(page, 75)
