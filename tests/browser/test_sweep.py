"""A sweep of six tiny trainings, from its plan to its plot, while its visitor is away."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.rest import at_rest
from tests.browser.test_journeys import button

pytestmark = pytest.mark.browser


@pytest.mark.heavy
def test_six_trainings_go_on_without_a_tab_and_end_in_a_plot(visit):
    first = visit("/sweep?channels=2&latent=256,512,1024&seed=0,1&epochs=1&images=256")
    expect(first.get_by_text("6 trainings, about")).to_be_visible()
    at_rest(button(first, "Start the sweep")).click()
    expect(first.get_by_text(re.compile(r"\d of 6 trainings"))).to_be_visible()
    address = first.url
    assert "sweep=" in address
    first.close()

    page = visit(address)
    expect(page.get_by_text("Finished: 6 trainings.")).to_be_visible()
    sizes = page.locator(".js-plotly-plot").filter(has_text="Numbers in the latent")
    expect(sizes.locator(".points path")).to_have_count(6)
    expect(page.get_by_text("The effect of each factor on the error")).to_be_visible()
    lines = page.locator(".js-plotly-plot .parcoords")
    expect(lines.get_by_text("Test MSE")).to_be_visible()
    for word in ("Best", "Worst"):
        expect(page.get_by_text(re.compile(rf"{word}: MSE 0\.\d+"))).to_be_visible()
    expect(page.get_by_alt_text(re.compile("Validation images, and what"))).to_have_count(2)
    with page.expect_download() as download:
        button(page, "Download the table").click()
    rows = download.value.path().read_text().splitlines()
    assert len(rows) == 7
