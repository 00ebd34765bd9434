"""The zoo in a browser: a row opens its card, a network goes to the trainer, a photo through it."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect
from skimage import data

from cae_core import zoo

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def photo_bytes():
    buffer = io.BytesIO()
    Image.fromarray(data.coffee()[::4, ::4]).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_row_opens_its_card_and_the_network_goes_to_the_trainer(visit):
    page = visit("/zoo")
    first = page.get_by_test_id("glide-cell-0-0").first
    expect(first).to_have_text(re.compile(r"\w"))
    name = first.inner_text()
    # The table is a canvas: its first column is names, its first line headings.
    table = page.get_by_test_id("stDataFrame").first
    table.click(position={"x": 60, "y": 52})
    expect(page.get_by_role("heading", name=zoo.card(name).title)).to_be_visible()
    expect(page).to_have_url(re.compile(f"card={name}"))
    page.get_by_role("link", name=re.compile("Open in Trainer")).click()
    expect(page.get_by_role("heading", name="Trainer", exact=True)).to_be_visible()
    field = page.get_by_label("Architecture", exact=True)
    expect(field).to_have_value(zoo.card(name).network)
    page.reload()
    expect(field).to_have_value(zoo.card(name).network)


@pytest.mark.heavy
def test_a_photo_goes_through_a_network_of_the_zoo(visit):
    page = visit("/zoo?card=strided-bn")
    expect(page.get_by_text("Output of the network")).to_be_visible()
    page.get_by_test_id("stCheckbox").get_by_text("Try it on your photo").click()
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(
        {"name": "coffee.png", "mimeType": "image/png", "buffer": photo_bytes()}
    )
    expect(page.get_by_text("coffee.png, 150 × 100")).to_be_visible()
    metric = page.get_by_test_id("stMetric").filter(has_text="PSNR, output")
    decibels = metric.get_by_test_id("stMetricValue")
    expect(decibels).to_have_text(re.compile(r"^\d+\.\d\d dB$"))
    assert float(decibels.inner_text().removesuffix(" dB")) > 25
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download the result")).click()
    result = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert result.size == (150, 100)


@pytest.mark.heavy
def test_on_a_phone_nothing_is_wider_than_the_screen(visit):
    page = visit("/zoo?card=homework", **PHONE)
    expect(page.get_by_text("Output of the network")).to_be_visible()
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide)
    page.get_by_role("button", name=re.compile("All networks$")).click()
    expect(page.get_by_text("The claims, tested")).to_be_visible()
    assert not page.evaluate(wide)
