"""The denoise page in a browser: a slider is dragged, the image comes back clean."""

import base64
import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from cae_core import zoo
from tests.app.images import encoded, png, scene
from tests.browser.rest import at_rest

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
SIGMA = "Noise sigma, of 255"


def metric(page, label):
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def decibels(page, label):
    """A figure in dB, once it is there."""
    expect(metric(page, label)).to_have_text(re.compile(r"^[\d.]+ dB$"))
    return float(metric(page, label).inner_text().removesuffix(" dB"))


def uploader(page):
    return page.get_by_test_id("stFileUploader").locator("input")


def upload(page, name, content):
    uploader(page).set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def downloaded(page, label):
    """The image behind a download button."""
    with page.expect_download() as download:
        at_rest(page.get_by_role("button", name=re.compile(rf"{re.escape(label)}$"))).click()
    return Image.open(io.BytesIO(download.value.path().read_bytes()))


def test_the_noise_slider_is_dragged_and_the_image_comes_back_clean(visit):
    page = visit("/denoise")
    expect(page.get_by_text("Denoised", exact=True).first).to_be_visible()
    labels = ("PSNR, noisy", "PSNR, denoised")
    before = [decibels(page, label) for label in labels]
    assert before[1] > before[0] + 8

    slider = page.get_by_role("slider", name=SIGMA)
    box = at_rest(slider).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 250, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    sigma = int(slider.input_value())  # where it was let go; the address follows it
    expect(page).to_have_url(re.compile(rf"[?&]sigma={sigma}($|&)"))
    assert sigma > 25
    expect(page.get_by_text(f"Noisy, sigma {sigma}")).to_be_visible()
    expect(page.get_by_text(f"Standard deviation {sigma}/255")).to_be_visible()
    for label, value in zip(labels, before, strict=True):
        expect(metric(page, label)).not_to_have_text(f"{value:.2f} dB")
    noisy, denoised = (decibels(page, label) for label in labels)
    assert noisy == pytest.approx(-20 * np.log10(sigma / 255), abs=0.1)
    assert denoised > noisy + 8


@pytest.mark.heavy
def test_the_address_follows_the_comparison_there_and_back_after_what_moved_before(visit):
    page = visit("/denoise?sigma=5000")  # which a warning says, above all else
    expect(page.get_by_text("Received: sigma=5000")).to_be_visible()
    at_rest(page.get_by_role("slider", name=SIGMA)).press("ArrowRight")
    expect(page).to_have_url(re.compile(r"[?&]sigma=26($|&)"))
    expect(page.get_by_text("Received: sigma=5000")).not_to_be_visible()
    at_rest(page.get_by_role("radio", name="Taken out")).click()
    expect(page).to_have_url(re.compile("show=Taken"))
    at_rest(page.get_by_role("radio", name="Denoised", exact=True)).click()
    expect(page).not_to_have_url(re.compile("show="))


@pytest.mark.heavy
def test_an_uploaded_photo_is_denoised_at_its_own_size_and_taken_home(visit):
    page = visit("/denoise?sigma=30")
    upload(page, "mine.png", png(211, 133))
    expect(page.get_by_text("211 × 133 pixels, shown at")).to_be_visible()
    clean = downloaded(page, "Denoised")
    noisy = downloaded(page, "Noisy")
    assert clean.size == noisy.size == (211, 133)
    original = np.asarray(scene(211, 133), np.float64)
    errors = [np.abs(np.asarray(p, np.float64) - original).mean() for p in (clean, noisy)]
    assert errors[0] < errors[1] / 3


@pytest.mark.heavy
def test_a_large_photo_is_denoised_whole_while_controls_move(visit):
    page = visit("/denoise")
    upload(page, "large.png", png(1700, 1300))
    expect(page.get_by_text("reduced from 1,700 × 1,300 pixels")).to_be_visible()
    page.get_by_role("button", name=re.compile("Denoise all 2.2 megapixels$")).click()
    done = page.get_by_text("1,700 × 1,300 pixels, done in")
    begun = page.get_by_role("button", name=re.compile("Cancel$")).or_(done).first
    expect(begun).to_be_visible()
    slider = page.get_by_role("slider", name=SIGMA)
    slider.press("ArrowRight")
    expect(page.get_by_text("That is not what is set now")).to_be_visible()
    at_rest(page.get_by_role("radio", name="Taken out")).click()
    expect(page).to_have_url(re.compile("show=Taken"))
    expect(page.get_by_text("Done: large.png")).to_be_visible()
    at_rest(slider).press("ArrowLeft")
    expect(done).to_be_visible()
    expect(page.get_by_text("reduced from")).not_to_be_visible()
    expect(page.get_by_text("1,200 × 1,200 pixels, shown at")).to_be_visible()
    frame = at_rest(page.get_by_role("application", name=re.compile("drag the frame")))
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 2, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"part-at=\d(%2C|,)19\d"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Denoised, PNG").click()
    assert download.value.suggested_filename == "large-denoised.png"
    with Image.open(download.value.path()) as whole:
        assert whole.size == (1700, 1300)


# Notes in every frame where the picture begins, and how opaque the figures are.
WATCH = """() => {
    window.seen = {tops: new Set(), opacities: new Set()};
    const shows = host => host.shadowRoot?.querySelector('.before-label');
    const look = () => {
        const picture = [...document.querySelectorAll('*')].find(shows);
        const block = document.querySelector('.stMainBlockContainer').getBoundingClientRect();
        const top = picture && Math.round(picture.getBoundingClientRect().top - block.top);
        window.seen.tops.add(top ?? 'gone');
        for (const figure of document.querySelectorAll('[data-testid=stMetric]'))
            window.seen.opacities.add(
                getComputedStyle(figure.closest('[data-testid=stElementContainer]')).opacity);
        requestAnimationFrame(look);
    };
    look();
}"""


@pytest.mark.heavy
def test_the_picture_stays_in_its_place_and_nothing_fades_while_a_slider_moves(visit):
    page = visit("/denoise")
    upload(page, "mine.png", png(1000, 800))
    expect(page.get_by_text("1,000 × 800 pixels, shown at")).to_be_visible()
    before = decibels(page, "PSNR, noisy")
    slider = at_rest(page.get_by_role("slider", name=SIGMA))
    page.evaluate(WATCH)
    slider.press("ArrowRight")
    expect(metric(page, "PSNR, noisy")).not_to_have_text(f"{before:.2f} dB")
    expect(page.get_by_text("1,000 × 800 pixels, shown at")).to_be_visible()
    at_rest(slider)
    seen = page.evaluate("Object.fromEntries(Object.entries(seen).map(([k, v]) => [k, [...v]]))")
    assert len(seen["tops"]) == 1, seen
    assert seen["opacities"] == ["1"]


def test_on_a_phone_the_upload_comes_after_the_result_and_before_what_explains_it(visit):
    page = visit("/denoise", **PHONE)
    expect(metric(page, "PSNR, denoised")).to_be_visible()
    parts = (
        metric(page, "PSNR, denoised"),
        page.get_by_test_id("stFileUploader"),
        page.get_by_role("heading", name="One noisy image is enough"),
    )
    tops = [at_rest(part).bounding_box()["y"] for part in parts]
    assert tops == sorted(tops)


NOISY = "/denoise?mode=My+photo+is+noisy"


@pytest.mark.heavy
def test_three_photos_are_denoised_at_once_and_taken_home_in_a_zip(visit):
    page = visit(NOISY)
    sizes = {"beach.png": (211, 133), "dog.png": (120, 160), "night.png": (96, 64)}
    uploader(page).set_input_files(
        [
            {"name": name, "mimeType": "image/png", "buffer": png(*size)}
            for name, size in sizes.items()
        ]
    )
    photos = page.get_by_role("group", name="Your photos").get_by_role("button")
    expect(photos).to_have_count(3)
    at_rest(photos.last).click()
    expect(page.get_by_text("96 × 64 pixels, shown at")).to_be_visible()
    at_rest(page.get_by_role("button", name=re.compile("Denoise all 3 photos$"))).click()
    expect(page.get_by_text("3 of 3 denoised in")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="All denoised, ZIP").click()
    assert download.value.suggested_filename == "3-photos-denoised.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        found = {name: Image.open(archive.open(name)).size for name in archive.namelist()}
    assert found == {name.replace(".png", "-denoised.png"): size for name, size in sizes.items()}


def your_photos(page):
    return page.get_by_role("group", name="Your photos").get_by_role("button")


def go_to(page, name):
    """Opens a page by the menu."""
    at_rest(page.get_by_role("button", name="Use")).click()
    page.get_by_role("menuitem", name=re.compile(f"{name}$")).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


@pytest.mark.heavy
def test_photos_are_there_again_after_another_page_and_can_be_used_on_that_one(visit):
    page = visit("/denoise")
    upload(page, "large.png", png(1700, 1300))
    expect(page.get_by_text("Reduced from 1,700 × 1,300 pixels")).to_be_visible()
    at_rest(page.get_by_role("button", name=re.compile("Denoise all 2.2 megapixels$"))).click()
    done = page.get_by_text("1,700 × 1,300 pixels, done in")
    expect(done).to_be_visible()
    go_to(page, "Compress")
    at_rest(your_photos(page)).click()
    expect(your_photos(page)).to_have_attribute("aria-pressed", "true")
    go_to(page, "Denoise")
    expect(done).to_be_visible()
    expect(your_photos(page)).to_have_attribute("aria-pressed", "true")
    at_rest(page.locator("body")).page.go_back()
    expect(page.get_by_role("heading", name="Compress", exact=True)).to_be_visible()
    expect(your_photos(page)).to_have_attribute("aria-pressed", "true")
    at_rest(page.get_by_role("button", name="Remove large.png")).click()
    expect(your_photos(page)).to_have_count(0)
    go_to(page, "Denoise")
    decibels(page, "PSNR, denoised")
    expect(your_photos(page)).to_have_count(0)


def test_back_from_a_sample_leads_to_the_upload_that_was_shown(visit):
    page = visit(NOISY)
    sizes = {"beach.png": (211, 133), "dog.png": (120, 160)}
    decibels(page, "PSNR, denoised")
    uploader(page).set_input_files(
        [
            {"name": name, "mimeType": "image/png", "buffer": png(*size)}
            for name, size in sizes.items()
        ]
    )
    expect(your_photos(page)).to_have_count(2)
    at_rest(your_photos(page).last).click()
    expect(page.get_by_text("120 × 160 pixels, shown at")).to_be_visible()
    at_rest(page.get_by_text("Cables, ISO 6400")).click()
    decibels(page, "PSNR, denoised")  # which an upload has none of
    at_rest(page.locator("body")).page.go_back()
    expect(page.get_by_text("120 × 160 pixels, shown at")).to_be_visible()
    at_rest(page.locator("body")).page.go_back()
    expect(page.get_by_text("211 × 133 pixels, shown at")).to_be_visible()
    for _ in range(2):
        at_rest(page.locator("body")).page.go_forward()
    decibels(page, "PSNR, denoised")
    expect(at_rest(page.get_by_role("radio", name="Cables, ISO 6400"))).to_be_checked()


DROP = """(zone, content) => {
    const dataTransfer = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), letter => letter.charCodeAt(0));
    dataTransfer.items.add(new File([bytes], 'mine.png', {type: 'image/png'}));
    for (const name of ['dragenter', 'dragover', 'drop'])
        zone.dispatchEvent(new DragEvent(name, {dataTransfer, bubbles: true, cancelable: true}));
}"""


@pytest.mark.heavy
def test_back_from_a_dropped_photo_leads_to_the_sample_that_was_shown(visit):
    page = visit("/denoise")
    decibels(page, "PSNR, denoised")
    at_rest(page.get_by_text("Coffee", exact=True)).click()
    expect(page).to_have_url(re.compile("denoise-photo=Coffee"))
    zone = at_rest(page.get_by_test_id("stFileUploaderDropzone"))
    zone.evaluate(DROP, base64.b64encode(png(211, 133)).decode())
    expect(page.get_by_text("211 × 133 pixels, shown at")).to_be_visible()
    at_rest(page.locator("body")).page.go_back()
    expect(page.get_by_text("600 × 400 pixels, shown at")).to_be_visible()
    expect(at_rest(page.get_by_role("radio", name="Coffee"))).to_be_checked()


def test_a_real_noisy_sample_improves_and_is_taken_home_at_its_own_size(visit):
    page = visit(NOISY)
    noisy, denoised = (decibels(page, label) for label in ("PSNR, noisy", "PSNR, denoised"))
    card = zoo.card(zoo.CAMERA_DENOISER)
    (row,) = [row for row in card.figures if row["condition"].startswith("leaves")]
    assert noisy == pytest.approx(row["psnr_noisy"], abs=0.02)
    assert denoised == pytest.approx(row["psnr"], abs=0.05)
    assert denoised > noisy + 1
    assert downloaded(page, "Denoised").size == (512, 512)
    formats = page.get_by_role("radiogroup", name="Format of downloads")
    at_rest(formats.get_by_role("radio", name="JPEG")).click()
    expect(page.get_by_role("slider", name="JPEG quality")).to_be_visible()
    assert downloaded(at_rest(page.locator("body")).page, "Denoised").format == "JPEG"


@pytest.mark.heavy
def test_work_on_twelve_megapixels_can_be_cancelled(visit):
    page = visit("/denoise")
    upload(page, "large.jpg", encoded(scene(4000, 3000), "JPEG", quality=90))
    start = page.get_by_role("button", name=re.compile("Denoise all 12.0 megapixels$"))
    cancel = page.get_by_role("button", name=re.compile("Cancel$"))
    at_rest(start).click()
    expect(page.get_by_text(re.compile("^About .* left$"))).to_be_in_viewport()
    expect(cancel).to_be_in_viewport()
    cancel.click()
    expect(cancel).to_have_count(0)
    expect(at_rest(start)).to_be_enabled()


@pytest.mark.heavy
def test_a_broken_upload_gives_one_sentence_and_the_next_one_works(visit):
    page = visit("/denoise")
    upload(page, "broken.png", png(300, 200)[:1000])
    expect(page.get_by_test_id("stAlertContentError")).to_contain_text("Received: ")
    upload(page, "grey.png", encoded(scene(80, 60).convert("L"), "PNG"))
    expect(page.get_by_text("80 × 60 pixels, shown at")).to_be_visible()
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


@pytest.mark.heavy
def test_on_a_telephone_nothing_is_wider_than_the_screen(visit):
    page = visit("/denoise", **PHONE)
    decibels(page, "PSNR, denoised")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
