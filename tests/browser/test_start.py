"""The three doors of the first page, each walked to what it promises; every page's legibility."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from cae_core.architecture.presets import HOMEWORK, get_preset
from tests.browser.rest import at_rest

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def link(page, name):
    # Icons are letters to a screen reader: the name is what the link's text ends with.
    return page.get_by_test_id("stMain").get_by_role("link", name=re.compile(rf"{name}$"))


def heading(page, name):
    return page.get_by_role("heading", name=name, exact=True)


def button(page, name):
    return page.get_by_role("button", name=re.compile(rf"(^|\s){re.escape(name)}$"))


def rebuilt(page):
    return page.locator("figure.rebuilt")


@pytest.mark.heavy
def test_a_shorter_latent_is_worse_and_the_address_keeps_it(visit):
    page = visit()
    expect(page).to_have_title("CAE Lab")
    expect(rebuilt(page)).to_contain_text("PSNR")
    slider = page.get_by_role("slider")
    worse = []
    for key, number in (("End", 1000), ("Home", 32)):
        at_rest(slider).press(key)
        expect(page.get_by_alt_text(f"{number} grey tiles")).to_be_visible()
        expect(page).to_have_url(re.compile(f"numbers={number}"))
        worse.append(float(re.search(r"PSNR ([\d.]+)", rebuilt(page).inner_text())[1]))
    assert worse[0] > worse[1] + 5


@pytest.mark.heavy
def test_the_homework_door_leads_to_a_network_that_is_ready_to_train(visit):
    page = visit()
    link(page, "Latent size").click()
    expect(heading(page, "Latent size")).to_be_visible()
    expect(page).to_have_title("Latent size - CAE Lab")
    link(page, "Train this network").click()
    expect(heading(page, "Trainer")).to_be_visible()
    field = page.get_by_role("textbox", name="Architecture", exact=True)
    expect(field).to_have_value(get_preset(HOMEWORK).text)
    expect(button(page, "Train")).to_be_enabled()


def test_the_photo_door_leads_to_a_cleaned_and_a_coloured_photo(visit):
    page = visit()
    link(page, "Denoise").click()
    expect(page.get_by_test_id("stMetric").filter(has_text="PSNR, denoised")).to_be_visible()
    expect(page).to_have_title("Denoise - CAE Lab")
    page.go_back()
    link(page, "Colorize").click()
    expect(page.get_by_text("Colours are guesses.", exact=True)).to_be_visible()


def test_the_evidence_door_leads_to_a_card_above_the_fold_and_back(visit):
    page = visit(viewport={"width": 1440, "height": 900})
    sources = page.get_by_test_id("stMain").get_by_role("link", name="rtflynn/Cifar-Autoencoder")
    expect(sources).to_have_attribute("href", "https://github.com/rtflynn/Cifar-Autoencoder")
    link(page, "Zoo").click()
    expect(heading(page, "The claims, tested")).to_be_visible()
    page.get_by_role("button", name=re.compile(r"Show all \d+ networks$")).click()
    page.get_by_role("button", name="Homework network", exact=True).click()
    title = heading(page, "Homework network")
    expect(title).to_be_in_viewport()
    expect(page).to_have_url(re.compile("card=homework"))
    button(page, "All networks").click()
    expect(title).to_have_count(0)
    expect(heading(page, "The claims, tested")).to_be_visible()


def test_the_kinds_of_files_that_can_be_uploaded_are_not_cut_off(visit):
    page = visit(**PHONE)
    kinds = page.get_by_text("64MB per file")
    expect(kinds).to_have_text(re.compile("DNG$"))
    assert kinds.evaluate("part => part.scrollWidth <= part.clientWidth")


def test_the_menu_of_a_phone_closes_and_the_result_comes_before_the_settings(visit):
    page = visit(**PHONE)
    expect(rebuilt(page)).to_be_in_viewport()
    page.get_by_test_id("stExpandSidebarButton").click()
    entry = page.get_by_test_id("stSidebarNavLink").filter(has_text="Colorize")
    expect(entry).to_be_in_viewport()
    entry.click()
    expect(heading(page, "Colorize")).to_be_visible()
    expect(entry).not_to_be_in_viewport()
    expect(page.get_by_role("group", name=re.compile("Colorized"))).to_be_in_viewport()
    expect(page.get_by_text("Saturation", exact=True)).to_be_in_viewport()


LEGIBLE = (Path(__file__).parent / "legible.js").read_text()
PAGES = {
    "/": "See the evidence",
    "/latent_size": "Layer by layer",
    "/inside": "One scale of colours",
    "/trainer": "The data",
    "/sweep": "Every training as a line",
    "/denoise": "Compared with other methods",
    "/colorize": "Why only the chrominance?",
    "/compress": "Measured on",
    "/zoo": "The claims, tested",
    "/zoo?card=strided-bn": "Try it on your photo",
}


@pytest.mark.heavy
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_is_legible_headings_are_in_order_and_charts_have_words(visit, server, scheme):
    found = {}
    page = visit(color_scheme=scheme)
    for address, last in PAGES.items():
        page.goto(server.address + address)
        expect(page.get_by_text(last).last).to_be_visible()
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
        found[address] = page.evaluate(LEGIBLE)
    assert found == {address: [] for address in PAGES}
