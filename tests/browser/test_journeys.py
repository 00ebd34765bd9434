"""What people do with the app, seen through a browser."""

import io
import re
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.app.images import phone_photo
from tests.browser.rest import at_rest, choose

pytestmark = pytest.mark.browser

HOMEWORK = "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid"
# Wide enough that a training of 50 epochs is still running when a page comes to look.
WIDE = "conv32+conv32+pool+%7C+up+conv32+conv3:sigmoid"
PHONE = {"viewport": {"width": 390, "height": 844}}


def text_field(page):
    return page.get_by_role("textbox", name="Architecture", exact=True)


def slider(page, name):
    return page.get_by_role("slider", name=name)


def button(page, name):
    # Icons are letters to a screen reader: the name is what the button's text ends with.
    return page.get_by_role("button", name=re.compile(rf"(^|\s){re.escape(name)}$"))


def uploader(page, label):
    return page.get_by_test_id("stFileUploader").filter(has_text=label).locator("input")


def alerts(page):
    return page.get_by_test_id("stAlertContentError")


def train(page):
    at_rest(button(page, "Train")).click()
    expect(page).to_have_url(re.compile(r"[?&]job=\d{8}-\d{6}-"))


# The way through the app


def test_from_an_architecture_to_a_reconstructed_photo(visit):
    page = visit("/latent_size")
    expect(page.get_by_role("heading", name="Latent 8x8x16 = 1,024 numbers")).to_be_visible()
    expect(text_field(page)).to_have_value(HOMEWORK)

    # Compose: a layer's slider changes text, verdict and address.
    page.get_by_role("radio", name="5 conv16").click()
    expect(page.get_by_text("Layer 5: Convolution")).to_be_visible()
    at_rest(slider(page, "Channels")).press("ArrowLeft")
    expect(page.get_by_role("heading", name="Latent 8x8x15 = 960 numbers")).to_be_visible()
    changed = HOMEWORK.replace("conv16", "conv15")
    expect(text_field(page)).to_have_value(changed)
    expect(page).to_have_url(re.compile("arch=.*conv15"))

    # A row of the table opens to its formula.
    row = page.locator("details", has_text="conv15")
    expect(row.get_by_text("Textbook")).to_be_hidden()
    row.locator("summary").click()
    expect(row.get_by_text("Textbook")).to_be_visible()
    expect(row.get_by_text("= 960").first).to_be_visible()

    # Take it to the trainer.
    page.get_by_role("link", name=re.compile("Train this network")).click()
    expect(page.get_by_role("heading", name="Trainer")).to_be_visible()
    expect(text_field(page)).to_have_value(changed)
    at_rest(slider(page, "Epochs")).press("Home")
    expect(page).to_have_url(re.compile("epochs=1($|&)"))
    train(page)

    # The trained network at work.
    expect(page.get_by_text("Finished: 1 epoch.")).to_be_visible()
    curve = page.locator(".js-plotly-plot").first  # under it may be those of Compare
    expect(curve).to_contain_text("Mean squared error")
    expect(page.get_by_role("img", name="Original validation images")).to_be_visible()
    expect(page.get_by_role("img", name="Output of the network")).to_be_visible()
    metric = page.get_by_test_id("stMetric").filter(has_text="Test MSE")
    expect(metric.get_by_test_id("stMetricValue")).to_have_text(re.compile(r"^0\.\d{6}$"))

    # A photo of one's own, at its own size and upright.
    photo = {"name": "phone.jpg", "mimeType": "image/jpeg", "buffer": phone_photo(200, 150)}
    uploader(page, "Your photo").set_input_files(photo)
    expect(page.get_by_text("phone.jpg, 150 × 200")).to_be_visible()
    output = page.get_by_test_id("stMetric").filter(has_text="PSNR, output")
    value = output.get_by_test_id("stMetricValue")
    expect(value).to_have_text(re.compile(r"^\d+\.\d\d dB$"))
    assert float(value.inner_text().removesuffix(" dB")) > 8
    with page.expect_download() as download:
        button(page, "Download the result").click()
    result = Image.open(io.BytesIO(download.value.path().read_bytes()))
    name = download.value.suggested_filename
    assert re.fullmatch(r"phone-photo-patches-reconstruct-[\d-]{15}\.png", name)
    assert (result.format, result.size, result.mode) == ("PNG", (150, 200), "RGB")

    # What is no photo is refused, and the rest of the page stays.
    broken = {"name": "broken.png", "mimeType": "image/png", "buffer": b"words"}
    uploader(page, "Your photo").set_input_files(broken)
    expect(alerts(page)).to_have_count(1)
    expect(alerts(page)).to_contain_text("Received")
    expect(metric).to_be_visible()


@pytest.mark.heavy
def test_a_training_goes_on_when_its_page_is_closed_and_can_be_stopped_later(visit):
    first = visit(f"/trainer?arch={WIDE}&epochs=50")
    expect(slider(first, "Epochs")).to_have_value("50")
    train(first)
    address, context = first.url, first.context  # the same visitor, who alone may stop it
    first.close()
    second = context.new_page()
    second.goto(address)
    expect(second.get_by_text(re.compile(r"Epoch \d+ of 50"))).to_be_visible()
    button(second, "Stop").click()
    expect(second.get_by_text("the network trained so far is kept")).to_be_visible()
    expect(button(second, "Stop")).to_have_count(0)
    expect(second.get_by_test_id("stMetric").filter(has_text="Test MSE")).to_be_visible()


# Addresses


@pytest.mark.heavy
def test_a_first_visitor_of_the_trainers_address_gets_the_apps_own_menu(fresh_server, visit):
    page = visit(fresh_server.address + "/trainer")
    expect(page.get_by_role("heading", name="Trainer")).to_be_visible()
    expect(button(page, "Train")).to_be_enabled()
    expect(page.get_by_role("link", name="app", exact=True)).to_have_count(0)
    expect(page.locator("link[rel~=icon]")).to_have_attribute("href", re.compile("^data:image/png"))
    page.get_by_role("button", name="Learn").click()
    page.get_by_role("menuitem", name=re.compile("Latent size$")).click()
    expect(page.get_by_role("heading", name="Latent size")).to_be_visible()


@pytest.mark.heavy
def test_an_address_shows_another_visitor_the_same_network(visit):
    mine = visit("/latent_size")
    field = text_field(mine)
    at_rest(field).fill("conv20 pool | up conv3:sigmoid")
    at_rest(field).press("Control+Enter")
    heading = "Latent 16x16x20 = 5,120 numbers"
    expect(mine.get_by_role("heading", name=heading)).to_be_visible()
    expect(mine).to_have_url(re.compile("arch=conv20"))
    yours = visit(mine.url)
    expect(yours.get_by_role("heading", name=heading)).to_be_visible()
    expect(text_field(yours)).to_have_value("conv20 pool | up conv3:sigmoid")


def test_back_and_forward_lead_to_the_networks_that_were_typed(visit):
    page = visit("/latent_size")
    field = text_field(page)
    first, second = (f"conv{channels} pool | up conv3:sigmoid" for channels in (20, 21))
    for text, channels in ((first, 20), (second, 21)):
        at_rest(field).fill(text)
        at_rest(field).press("Control+Enter")
        expect(page).to_have_url(re.compile(f"arch=conv{channels}"))
    page.go_back()
    expect(field).to_have_value(first)
    expect(page.get_by_role("heading", name="Latent 16x16x20")).to_be_visible()
    page.go_back()
    expect(field).to_have_value(HOMEWORK)
    page.go_forward()
    expect(field).to_have_value(first)
    button(page, "Undo").click()
    expect(field).to_have_value(HOMEWORK)
    button(page, "Redo").click()
    expect(field).to_have_value(first)
    # Another page, and back.
    page.get_by_role("link", name=re.compile("Train this network")).click()
    expect(page.get_by_role("heading", name="Trainer", exact=True)).to_be_visible()
    at_rest(field).fill(second)
    at_rest(field).press("Control+Enter")
    expect(page).to_have_url(re.compile("trainer.*arch=conv21"))
    page.go_back()
    expect(field).to_have_value(first)
    page.go_back()
    expect(page.get_by_role("heading", name="Latent 16x16x20")).to_be_visible()


def test_back_leads_to_a_page_as_it_was_left(visit):
    page = visit("/zoo?card=denoise-0.3")
    page.get_by_role("link", name=re.compile("Look inside")).click()
    expect(page).to_have_url(re.compile("inside.*network=denoise-0.3"))
    expect(page.get_by_role("heading", name="Inside", exact=True)).to_be_visible()
    at_rest(page.get_by_role("radio", name="Latent", exact=True)).click()
    expect(page).to_have_url(re.compile("part=Latent"))
    at_rest(page.get_by_role("button", name="Make")).click()
    page.get_by_role("menuitem", name=re.compile("Trainer$")).click()
    expect(page.get_by_role("heading", name="Trainer", exact=True)).to_be_visible()
    page.go_back()
    expect(page).to_have_url(re.compile("network=denoise-0.3"))
    expect(page.get_by_role("radio", name="Latent", exact=True)).to_be_checked()
    page.go_back()
    expect(page).not_to_have_url(re.compile("part=Latent"))
    expect(at_rest(page.get_by_role("radio", name="Latent", exact=True))).not_to_be_checked()
    page.go_back()
    expect(page).to_have_url(re.compile("zoo.*card=denoise-0.3"))
    expect(page.get_by_role("link", name=re.compile("Look inside"))).to_be_visible()


def test_back_undoes_choices_one_by_one_and_never_leads_to_a_step_without_one(visit):
    page = visit("/zoo")
    at_rest(page.get_by_role("button", name="Make")).click()
    page.get_by_role("menuitem", name=re.compile("Trainer$")).click()
    tasks = {name: page.get_by_role("radio", name=name) for name in ("Reconstruct", "Grey to RGB")}
    expect(tasks["Reconstruct"]).to_be_checked()
    bare = page.url
    # Changes the network, too.
    at_rest(tasks["Grey to RGB"]).click()
    expect(page).to_have_url(re.compile("(?=.*task=)(?=.*arch=)"))
    choose(page, "Images", "CIFAR-10")
    expect(page).to_have_url(re.compile("(?=.*task=)(?=.*data=CIFAR-10)"))
    page.go_back()
    expect(page).not_to_have_url(re.compile("data="))
    expect(page).to_have_url(re.compile("task="))
    expect(tasks["Grey to RGB"]).to_be_checked()
    page.go_back()
    expect(page).to_have_url(bare)
    expect(tasks["Reconstruct"]).to_be_checked()
    expect(text_field(page)).to_have_value(HOMEWORK)
    at_rest(text_field(page))
    page.go_forward()
    expect(tasks["Grey to RGB"]).to_be_checked()
    page.go_back()
    expect(tasks["Reconstruct"]).to_be_checked()
    page.go_back()
    expect(page).to_have_url(re.compile("/zoo"))


def test_back_undoes_a_photo_and_a_damage_and_passes_over_movements(visit):
    page = visit("/denoise")
    photo, damage = (page.get_by_role("radio", name=name) for name in ("Coffee", "Shot"))
    bare = page.url
    at_rest(photo).click()
    expect(page).to_have_url(re.compile("photo=Coffee"))
    strength = page.get_by_role("slider", name="Noise sigma")
    for level in (26, 27):
        at_rest(strength).press("ArrowRight")
        expect(page).to_have_url(re.compile(f"sigma={level}"))
    at_rest(damage).click()
    expect(page).to_have_url(re.compile("damage=Shot"))
    page.go_back()
    expect(page).to_have_url(re.compile("(?=.*photo=Coffee)(?=.*sigma=27)"))
    expect(damage).not_to_be_checked()
    expect(photo).to_be_checked()
    at_rest(strength)
    page.go_back()
    expect(page).to_have_url(bare)
    expect(photo).not_to_be_checked()


@pytest.mark.heavy
def test_a_block_of_the_diagram_is_chosen_by_click_and_by_keyboard(visit):
    page = visit("/latent_size")
    block = page.get_by_role("button", name="Layer 5, conv16, the latent")
    block.click()
    expect(page.get_by_role("radio", name="5 conv16")).to_be_checked()
    expect(page.get_by_role("heading", name="Layer 5, conv16: 8x8x12 → 8x8x16")).to_be_visible()
    expect(block).to_have_attribute("aria-pressed", "true")
    at_rest(block).press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="6 up")).to_be_checked()


def test_an_address_cannot_put_a_foreign_image_on_the_page(visit):
    page = visit("/?arch=![x](https://example.com/x.png)")
    expect(alerts(page)).to_contain_text("example.com/x.png")
    expect(alerts(page).locator("img, a")).to_have_count(0)
    expect(page.get_by_role("heading", name="Latent 8x8x16")).to_be_visible()


def test_a_click_on_a_remedy_makes_the_network_work_and_can_be_undone(visit):
    misfit = "33x33x3 conv8 pool | up conv3:sigmoid"
    page = visit("/latent_size?arch=33x33x3+conv8+pool+%7C+up+conv3:sigmoid")
    expect(alerts(page)).to_have_count(1)
    at_rest(button(page, "Begin with 32x32x3")).click()
    expect(text_field(page)).to_have_value("conv8 pool | up conv3:sigmoid")
    expect(alerts(page)).to_have_count(0)
    expect(page.get_by_role("link", name=re.compile("Train this network"))).to_be_visible()
    at_rest(button(page, "Undo")).click()
    expect(text_field(page)).to_have_value(misfit)
    expect(alerts(page)).to_have_count(1)


# Moved again before the page has answered


@pytest.mark.parametrize("address", ["/latent_size?layer=5", "/trainer?layer=5"])
def test_movements_that_do_not_wait_for_the_page_all_count(visit, address):
    page = visit(address)
    asked = []
    page.on("request", lambda sent: asked.append(urlsplit(sent.url).path))
    if "trainer" in address:
        at_rest(page.get_by_text("Change its layers")).click()
    expect(page.get_by_text("Layer 5: Convolution")).to_be_visible()
    channels, kernel = slider(page, "Channels"), slider(page, "Kernel")
    at_rest(channels)
    for _ in range(4):
        channels.press("ArrowLeft")
        kernel.press("ArrowRight")
    expect(page).to_have_url(re.compile("arch=.*conv12k7"))
    expect(at_rest(channels)).to_have_value("12")
    expect(kernel).to_have_value("7")
    # A file of an earlier run may be gone when the browser asks for it.
    assert [path for path in asked if path.startswith("/media/")] == []


# Layers that are written alike


@pytest.mark.heavy
def test_the_chip_that_is_clicked_is_the_one_that_is_changed(visit):
    page = visit("/latent_size")
    page.get_by_role("radio", name="2 pool").click()
    expect(page.get_by_text("Layer 2: Max pooling")).to_be_visible()
    at_rest(slider(page, "Size")).press("ArrowRight")
    expect(text_field(page)).to_have_value(HOMEWORK.replace("conv8 pool ", "conv8 pool3 "))
    expect(page.get_by_role("radio", name="2 pool3")).to_be_checked()


# Uploads


@pytest.mark.heavy
def test_a_broken_image_gives_one_sentence_and_the_page_stays_usable(visit):
    page = visit("/trainer?data=My+own+images")
    broken = {"name": "words.png", "mimeType": "image/png", "buffer": b"only words"}
    uploader(page, "Images, or a zip archive").set_input_files(broken)
    expect(alerts(page)).to_have_count(1)
    expect(alerts(page)).to_contain_text("Received")
    expect(button(page, "Train")).to_be_disabled()
    expect(button(page, "Stop")).to_have_count(0)
    choose(page, "Images", "Photo patches")
    expect(button(page, "Train")).to_be_enabled()
    expect(alerts(page)).to_have_count(0)


# Small and dark


@pytest.mark.parametrize(
    ("address", "last"),
    [("/?compare=true", "Can be built"), ("/trainer", "The data")],
    ids=["latent size", "trainer"],
)
def test_a_telephones_page_is_dark_and_does_not_scroll_sideways(visit, address, last):
    page = visit(address, color_scheme="dark", **PHONE)
    expect(page.get_by_text(last)).to_be_visible()
    # Streamlit scrolls a part of the page, not the document.
    too_wide = """() => [document.documentElement, ...document.querySelectorAll(
        '[data-testid=stMain], [data-testid=stMainBlockContainer]')]
        .filter(part => part.scrollWidth > Math.min(part.clientWidth, innerWidth))
        .map(part => `${part.dataset.testid}: ${part.scrollWidth}`)"""
    assert page.evaluate(too_wide) == []
    background = "() => getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    assert int(re.search(r"\d+", page.evaluate(background))[0]) < 128
