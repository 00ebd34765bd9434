"""The compress page in a browser: a photo becomes a small file, beside other codecs."""

import re

import pytest
from playwright.sync_api import expect

from cae_core.compression.container import read_container
from tests.app.images import png
from tests.browser.rest import at_rest

pytestmark = pytest.mark.browser


@pytest.mark.heavy  # whole numbers take the sample photo's decoder seconds
def test_a_photo_is_compressed_compared_and_taken_home(visit):
    page = visit("/compress?quality=3")
    verdict = page.get_by_text(re.compile(r"^In [\d,]+ bytes .+ dB"))
    expect(verdict).to_be_visible()
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": png(211, 133)}
    )
    expect(page.get_by_text("211 × 133 pixels, shown at")).to_be_visible()
    at_rest(page.get_by_role("radio", name="WebP")).click()
    expect(page.get_by_text(re.compile(r"^WebP, [\d.]+ dB$")).first).to_be_visible()
    expect(page).to_have_url(re.compile("beside=WebP"))

    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(r"Compressed, \.cae$")).click()
    assert download.value.suggested_filename == "mine-quality-3.cae"
    container = read_container(download.value.path().read_bytes())
    assert (container.width, container.height) == (211, 133)
