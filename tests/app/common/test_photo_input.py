"""The photo of the photo pages: uploads good and bad, small and large."""

import contextlib
import io
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cae_ui.common import full_size, photo_choice, photo_input, resources
from tests.app.finding import finished, labelled, labels_of, press, said, upload
from tests.app.images import encoded, phone_photo, png, scene


class PhotoPage(NamedTuple):
    """A page that takes a photo: fixture, key of the upload, a slider and two values, a verb, and
    the key of the buttons that choose what is shown.
    """

    fixture: str
    upload: str
    slider: str
    values: tuple[float, float]
    verb: str
    show: str


PAGES = (
    PhotoPage("denoise_page", "denoise-upload", "sigma", (60, 70), "Denoise", "show"),
    PhotoPage("colorize_page", "colorize-upload", "saturation", (0.5, 0.7), "Colorize", "compare"),
)


@pytest.fixture(
    params=[PAGES[0], pytest.param(PAGES[1], marks=pytest.mark.heavy)], ids=lambda page: page.verb
)
def kind(request):
    return request.param


@pytest.fixture
def page(request, kind):
    return request.getfixturevalue(kind.fixture)()


def test_the_smallest_images_work(offered, page, kind):
    assert "Not kept" not in said(page.caption)  # of the sample photo's file
    for size in ((1, 1), (1, 40), (7, 5), (300, 1), (1, 300)):
        upload(page, kind.upload, ("tiny.png", png(*size)))
        assert not page.error
        make, _ = offered[f"{kind.verb.removesuffix('e')}ed"]
        assert Image.open(io.BytesIO(make())).size == size


def test_back_to_an_address_with_a_sample_shows_that_one_and_not_the_upload(
    page, kind, compared, monkeypatch
):
    named = kind.upload.replace("upload", "photo")
    upload(page, kind.upload, ("tiny.png", png(40, 30)))
    with monkeypatch.context() as browser:
        browser.setattr(photo_choice, "is_back_or_forward", lambda: True)
        for asked_for in ({}, {named: "Junk"}):
            page.query_params.update(asked_for)
            page.run()
            assert compared[-1][1].shape[:2] == (30, 40)
        page.query_params[named] = "Coffee"
        page.run()
    assert page.button_group(named).value == "Coffee"
    assert compared[-1][1].shape[:2] == (400, 600)
    page.run()
    assert page.button_group(named).value == "Coffee"
    assert page.query_params[named] == "Coffee"


def test_an_upload_that_stops_in_the_middle_gives_one_sentence_and_the_page_goes_on(page, kind):
    upload(page, kind.upload, ("half.png", png(300, 200)[:2000]))
    (error,) = page.error
    assert "Received: " in error.value
    upload(page, kind.upload, ("whole.png", png(60, 40)))
    assert not page.error
    assert page.get("download_button")


@pytest.fixture
def limits(monkeypatch):
    """Sets how many pixels are worked on while a slider moves, and how many without a press."""

    def set_limits(fast, whole):
        for module in (photo_input, full_size):
            monkeypatch.setattr(module, "FAST_PIXELS", fast)
        monkeypatch.setattr(full_size, "WHOLE_PIXELS", whole)

    return set_limits


def test_a_photo_comes_back_whole_after_a_preview(page, kind, compared, limits):
    limits(10_000, 1_000_000)
    upload(page, kind.upload, ("photo.jpg", phone_photo(90, 200)))
    sizes = [after.shape[:2] for _, after, _ in compared[-2:]]
    assert sizes == [(67, 149), (90, 200)]
    assert f"{kind.verb.removesuffix('e')}ed" in labels_of(page.get("download_button"))
    shown = len(compared)
    page.run()
    assert [after.shape[:2] for _, after, _ in compared[shown:]] == [(90, 200)]  # it was kept


def test_a_large_photo_is_tried_small_and_worked_on_whole(page, kind, compared, limits):
    limits(10_000, 20_000)
    upload(page, kind.upload, ("large.png", png(1300, 100)))
    assert compared[-1][1].shape[:2] == (28, 361)
    assert "reduced from 1,300 × 100 pixels." in said(page.caption)
    press(page, f"{kind.verb} all 0.1 megapixels")
    finished(page)
    assert "1,300 × 100 pixels, done in" in said(page.caption)
    middle = compared[-1][1]
    assert middle.shape == (100, 1200, 3)
    (download,) = page.get("download_button")
    assert download.label.startswith(f"{kind.verb.removesuffix('e')}ed, PNG, ")
    page.button_group(kind.show).set_value("Original").run()
    result, original, _ = compared[-1]
    np.testing.assert_array_equal(result, middle)
    photo = np.asarray(scene(1300, 100, seed=0))
    assert [left for left in range(101) if np.array_equal(original, photo[:, left : left + 1200])]
    for view in page.button_group(kind.show).options:
        page.button_group(kind.show).set_value(view).run()
        assert compared[-1][1].shape[:2] == (100, 1200)
    page.button_group(kind.show).set_value(page.button_group(kind.show).options[0]).run()
    page.query_params["part-at"] = "0,199"
    page.run()
    assert not np.array_equal(compared[-1][1], middle)
    page.slider(kind.slider).set_value(kind.values[0]).run()
    assert compared[-1][1].shape[:2] == (28, 361)  # the result is of other settings
    assert "That is not what is set now" in said(page.caption)
    (download,) = page.get("download_button")
    assert download.label.startswith(f"{kind.verb.removesuffix('e')}ed before, PNG, ")


@pytest.fixture
def held_memory():
    """A function that gives back the memory for long work, of which there is none before."""
    with contextlib.ExitStack() as stack:
        memory = resources.image_memory()
        stack.enter_context(memory.reserve(memory.limit * 5 // 6, is_long=True))
        yield stack.close


def test_work_on_a_whole_photo_goes_on_while_settings_and_photos_change(
    page, kind, limits, held_memory
):
    limits(10_000, 20_000)
    begin = f"{kind.verb} all 0.1 megapixels"
    upload(page, kind.upload, ("large.png", png(1300, 100)))
    press(page, begin)
    assert begin not in labels_of(page.button)
    before = page.slider(kind.slider).value
    page.slider(kind.slider).set_value(kind.values[0]).run()
    assert "Being worked on: large.png" in said(page.info)
    upload(page, kind.upload, ("small.png", png(90, 70)))
    assert "Being worked on: large.png" in said(page.info)
    upload(page, kind.upload, ("large.png", png(1300, 100)))
    press(page, "Cancel")
    assert "Being worked on" not in said(page.info)
    press(page, begin)
    page.slider(kind.slider).set_value(kind.values[1]).run()
    press(page, "Begin again as set now")
    assert "Being worked on" not in said(page.info)
    page.slider(kind.slider).set_value(before).run()
    held_memory()
    finished(page)
    assert "Done: large.png" in said(page.caption)
    assert "done in" not in said(page.caption)
    page.slider(kind.slider).set_value(kind.values[1]).run()
    assert "1,300 × 100 pixels, done in" in said(page.caption)


@pytest.mark.heavy
def test_a_moved_slider_does_not_decode_the_upload_again(page, kind, monkeypatch):
    decoded = []
    decode = photo_input.read_image

    def counted(content, **options):
        decoded.append(len(content))
        return decode(content, **options)

    monkeypatch.setattr(photo_input, "read_image", counted)
    upload(page, kind.upload, ("mine.png", png(90, 70)))
    for value in kind.values:
        page.slider(kind.slider).set_value(value).run()
    assert len(decoded) == 1
    upload(page, kind.upload, ("other.png", png(80, 60)))
    assert len(decoded) == 2


def test_grey_stays_grey(page, kind):
    grey = scene(90, 70).convert("L")
    upload(page, kind.upload, ("grey.png", encoded(grey, "PNG")))
    assert not page.error
    assert page.session_state["overview"][1].pixels.ndim == 2


def test_what_is_not_kept_of_a_file_is_said(page, kind):
    pages = encoded(scene(90, 70), "TIFF", save_all=True, append_images=[scene(80, 60)])
    upload(page, kind.upload, ("pages.tif", pages))
    assert "Not kept: 1 other page." in said(page.caption)


def test_a_tiff_may_come_back_as_one_and_other_photos_may_not(offered, page, kind):
    upload(page, kind.upload, ("mine.png", png(90, 70)))
    assert page.button_group("format").options == ["PNG", "JPEG"]
    upload(page, kind.upload, ("mine.TIFF", encoded(scene(90, 70), "TIFF")))
    page.button_group("format").set_value(".tif").run()
    make, name = offered[f"{kind.verb.removesuffix('e')}ed"]
    assert name.endswith(".tif")
    back = Image.open(io.BytesIO(make()))
    assert (back.format, back.size, back.mode) == ("TIFF", (90, 70), "RGB")


def test_a_large_tiff_may_come_back_as_one(offered, page, kind, limits):
    limits(10_000, 20_000)
    upload(page, kind.upload, ("large.tif", encoded(scene(1300, 100), "TIFF")))
    press(page, f"{kind.verb} all 0.1 megapixels")
    finished(page)
    page.button_group("format").set_value(".tif").run()
    make, name = offered[f"{kind.verb.removesuffix('e')}ed, TIFF"]
    assert name.endswith(".tif")
    back = Image.open(io.BytesIO(make()))
    assert (back.format, back.size) == ("TIFF", (1300, 100))


def test_what_a_format_of_downloads_does_not_keep_is_said(page, kind):
    clear = scene(90, 70)
    clear.putalpha(100)
    upload(page, kind.upload, ("clear.png", encoded(clear, "PNG")))
    assert "Not kept" not in said(page.caption)
    page.button_group("format").set_value(".jpg").run()
    assert "Not kept in JPEG: transparency (white lies below)." in said(page.caption)


@pytest.mark.heavy
def test_12_bit_values_are_offered_to_be_stretched(page, kind):
    dark = np.asarray(scene(90, 70).convert("L"), np.uint16) * 16
    upload(page, kind.upload, ("dark.png", encoded(Image.fromarray(dark), "PNG")))
    assert page.session_state["overview"][1].pixels.max() < 0.07
    labelled(page.toggle, "Bring 12-bit values to white").set_value(True).run()
    assert page.session_state["overview"][1].pixels.max() > 0.8
    upload(page, kind.upload, ("plain.png", png(90, 70)))
    assert not page.error


def test_a_heic_photo_is_told_what_to_do(page, kind):
    upload(page, kind.upload, ("photo.heic", b"\0\0\0\x18ftypheic" + bytes(50)))
    assert "Export it as JPEG" in said(page.error)


def test_a_wrong_limit_of_the_host_is_said_where_a_photo_is_opened(monkeypatch):
    def page():
        from cae_core.errors import CAEError
        from cae_ui.common.photo_choice import photo_choice
        from cae_ui.common.photo_input import overview
        from cae_ui.common.wording import show_error

        photo = photo_choice("denoise")
        try:
            overview(photo)
        except CAEError as error:
            show_error(error)

    monkeypatch.setenv("CAE_MAX_MEGAPIXELS", "many")
    shown = AppTest.from_function(page, default_timeout=60).run()
    assert not shown.exception
    assert "Received: 'many'" in shown.error[0].value
