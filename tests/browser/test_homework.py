"""The homework, from the first guess to the report."""

import re

import pytest
from playwright.sync_api import expect

from cae_core.architecture.presets import HOMEWORK, get_preset
from tests.browser.rest import at_rest

pytestmark = pytest.mark.browser


@pytest.mark.heavy
def test_from_a_guess_over_a_pair_of_trainings_to_the_report(visit):
    page = visit("/latent_size")
    page.get_by_role("button", name=re.compile("Homework: four exercises")).click()
    expect(page).to_have_url(re.compile("homework=2"))
    answer = page.get_by_role("heading", name="Latent 8x8x16 = 1,024 numbers")
    expect(page.get_by_text("The sizes are shown here once you have guessed.")).to_be_visible()
    expect(answer).to_have_count(0)
    guess = page.get_by_role("spinbutton", name=re.compile("Numbers in the latent"))
    at_rest(guess).fill("2048")
    at_rest(guess).press("Enter")
    expect(page.get_by_text("You guessed 2,048")).to_be_visible()
    expect(answer).to_be_visible()
    expect(page).to_have_url(re.compile("latent_guess=2048"))

    # The other networks are trained on another page.
    page.get_by_role("radio", name="3 Other networks").click()
    expect(page.get_by_role("heading", name="Trainer", exact=True)).to_be_visible()
    both = page.get_by_role("button", name=re.compile("rain both$"))
    expect(both).to_be_disabled()
    page.get_by_role("radio", name="Stride 2").click()
    at_rest(page.get_by_role("slider", name="Epochs of both")).press("Home")
    expect(page).to_have_url(re.compile("pair_epochs=1($|&)"))
    expect(both).to_be_enabled()
    both.click()
    expect(page).to_have_url(re.compile("trained_stride=.*trained_stride="))
    winner = page.get_by_text("has the lower test error: ")
    expect(winner).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_contain_text("Validation loss")
    said = winner.inner_text()

    # All of it in one file, which a browser opens without asking for anything else.
    page.get_by_role("radio", name="Report").click()
    at_rest(page.get_by_role("textbox", name="Your name")).fill("Ada")
    page.get_by_role("button", name=re.compile("Make the report")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download the report")).click()
    assert download.value.suggested_filename == "homework-report-ada.html"
    report = page.context.new_page()
    asked_for = []
    report.on("request", lambda request: asked_for.append(request.url))
    report.set_content(download.value.path().read_text(encoding="utf-8"))
    expect(report.get_by_text("Ada, 20")).to_be_visible()
    expect(report.get_by_text("I guessed 2,048 numbers in the latent: ")).to_be_visible()
    expect(report.get_by_text(said.split(". ")[-1].split(":")[0])).to_be_visible()
    expect(report.get_by_text(get_preset(HOMEWORK).text).first).to_be_visible()
    expect(report.locator("svg.plot")).to_have_count(4)
    expect(report.locator("img")).to_have_count(2)
    assert [url for url in asked_for if not url.startswith("data:")] == []
