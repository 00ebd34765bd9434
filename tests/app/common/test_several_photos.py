"""Several photos at once: chosen among each other and the samples, worked on, put into a zip."""

import io
from zipfile import ZipFile

import pytest
from PIL import Image

from cae_core import zoo
from cae_ui.common import photo_choice, several_photos
from tests.app.finding import finished, labelled, labels_of, pickers, press, said, upload
from tests.app.images import encoded, phone_photo, png, scene

BROKEN = ("broken.png", png(300, 200)[:1000])


def rows(page):
    """The list of photos as HTML."""
    return "".join(part.value for part in page.get("html") if "<li" in part.value)


def chosen(page):
    """The name of the upload that is shown; None for a sample photo."""
    photos = pickers(page)["Your photos"]
    names = {choice["value"]: choice["title"] for choice in photos["choices"]}
    return names.get(photos["chosen"])


def test_three_photos_become_a_zip_and_a_broken_one_a_sentence(denoise_page):
    page = denoise_page(mode="My photo is noisy")
    photos = ("one.png", png(96, 64)), BROKEN, ("one.jpg", phone_photo(70, 90))
    upload(page, "denoise-upload", *photos)
    assert chosen(page) == "one.png"
    press(page, "Denoise all 3 photos")
    finished(page)
    assert "2 of 3 denoised in" in said(page.caption)
    assert "broken.png" in rows(page) and "Received: " in rows(page)
    assert labelled(page.get("download_button"), _zip_label(page))
    archive = page.session_state["several-photos"].work.result.archive
    with ZipFile(archive) as opened:
        sizes = {name: Image.open(io.BytesIO(opened.read(name))).size for name in opened.namelist()}
    assert sizes == {"one-denoised.png": (96, 64), "one-denoised-2.png": (90, 70)}
    page.selectbox("denoiser").set_value(zoo.PHOTO_DENOISER).run()
    assert not rows(page)  # the results are of other settings
    assert "but not as set now" in said(page.caption)
    assert _zip_label(page).startswith("All denoised before")


def test_what_is_not_kept_of_one_of_several_is_said_in_its_row(denoise_page):
    page = denoise_page(mode="My photo is noisy")
    pages = encoded(scene(60, 50), "TIFF", save_all=True, append_images=[scene(60, 50)])
    upload(page, "denoise-upload", ("one.png", png(60, 50)), ("pages.tif", pages))
    press(page, "Denoise all 2 photos")
    finished(page)
    assert rows(page).count("Not kept: 1 other page.") == 1


@pytest.mark.parametrize(
    ("ending", "kind", "lost"), [(".jpg", "JPEG", True), (".tif", "TIFF", False)]
)
def test_the_zip_holds_files_of_the_format_that_was_chosen(denoise_page, ending, kind, lost):
    page = denoise_page(mode="My photo is noisy")
    assert "zip-format" not in [group.key for group in page.button_group]
    clear = scene(60, 50)
    clear.putalpha(100)
    upload(page, "denoise-upload", ("a.png", png(96, 64)), ("clear.png", encoded(clear, "PNG")))
    page.button_group("zip-format").set_value(ending).run()
    press(page, "Denoise all 2 photos")
    finished(page)
    assert ("Not kept: transparency (white lies below)." in rows(page)) == lost
    with ZipFile(page.session_state["several-photos"].work.result.archive) as opened:
        found = {
            name: Image.open(io.BytesIO(opened.read(name))).format for name in opened.namelist()
        }
    assert found == {f"a-denoised{ending}": kind, f"clear-denoised{ending}": kind}
    page.button_group("zip-format").set_value(".png").run()
    assert "but not as set now" in said(page.caption)


def test_a_photo_too_long_for_a_jpeg_is_a_png_in_the_zip(denoise_page, monkeypatch):
    monkeypatch.setattr(several_photos, "LONGEST_JPEG", 80)
    page = denoise_page(mode="My photo is noisy")
    upload(page, "denoise-upload", ("long.png", png(96, 64)), ("short.png", png(60, 50)))
    page.button_group("zip-format").set_value(".jpg").run()
    page.slider("zip-quality").set_value(60).run()
    press(page, "Denoise all 2 photos")
    finished(page)
    with ZipFile(page.session_state["several-photos"].work.result.archive) as opened:
        assert opened.namelist() == ["long-denoised.png", "short-denoised.jpg"]


def _zip_label(page):
    return "".join(label for label in labels_of(page.get("download_button")) if "ZIP" in label)


@pytest.mark.heavy
def test_uploads_hide_no_samples_and_samples_no_uploads(colorize_page):
    page = upload(colorize_page(), "colorize-upload", ("mine.png", png(96, 64)))
    assert page.session_state["overview"][1].full_size == (64, 96)
    page.button_group("colorize-photo-instead").set_value("Rocket").run()
    assert page.session_state["overview"][1].full_size == (427, 640)
    assert page.button_group("colorize-photo").value == "Rocket"
    assert chosen(page) is None
    upload(page, "colorize-upload", ("mine.png", png(96, 64)), ("new.png", png(50, 40)))
    assert page.session_state["overview"][1].full_size in {(64, 96), (40, 50)}
    assert chosen(page)


@pytest.mark.parametrize(
    ("module", "name", "limit", "sentence"),
    [
        (several_photos, "MOST_PIXELS", 10_000, "Received: 0 in 2 photos."),
        (photo_choice, "MOST_PHOTOS", 1, "The first 1 of 2 photos are worked on."),
    ],
)
def test_more_than_memory_allows_is_one_sentence(
    colorize_page, monkeypatch, module, name, limit, sentence
):
    monkeypatch.setattr(module, name, limit)
    page = upload(
        colorize_page(), "colorize-upload", ("a.png", png(96, 64)), ("b.png", png(96, 65))
    )
    assert sentence in said(page.info) + said(page.caption)
    assert "Colorize all 2 photos" not in labels_of(page.button)
