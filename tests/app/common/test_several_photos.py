"""Several photos at once: chosen among each other and the samples, worked on, put into a zip."""

import threading

import numpy as np
import pytest
from PIL import Image

from cae_core import zoo
from cae_ui.common import photo_choice, photo_output, several_photos
from cae_ui.denoise import several
from tests.app.finding import finished, labelled, labels_of, pickers, press, said, upload, zipped
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


def test_three_photos_become_a_zip_and_a_broken_one_a_sentence(denoise_page, offered):
    page = denoise_page(mode="My photo is noisy")
    photos = ("one.png", png(96, 64)), BROKEN, ("one.jpg", phone_photo(70, 90))
    upload(page, "denoise-upload", *photos)
    assert chosen(page) == "one.png"
    press(page, "Denoise all 3 photos")
    finished(page)
    assert "2 of 3 denoised in" in said(page.caption)
    assert "broken.png" in rows(page) and "Received: " in rows(page)
    assert labelled(page.get("download_button"), _zip_label(page))
    sizes = {name: image.size for name, image in zipped(offered).items()}
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


def test_another_format_of_the_zip_encodes_what_is_there_anew(denoise_page, offered, monkeypatch):
    page = denoise_page(mode="My photo is noisy")
    assert "zip-format" not in [group.key for group in page.button_group]
    clear = scene(60, 50)
    clear.putalpha(100)
    upload(page, "denoise-upload", ("a.JPG", phone_photo(96, 64)), ("b.png", encoded(clear, "PNG")))
    press(page, "Denoise all 2 photos")
    finished(page)
    monkeypatch.setattr(several_photos, "_begin", None)  # nothing is done again
    made = {}
    for ending in (".png", ".tif", "original", ".jpg"):
        page.button_group("zip-format").set_value(ending).run()
        offered.clear()
        page.run()
        made[ending] = zipped(offered)
        assert "2 of 2 denoised in" in said(page.caption)
        assert ("Not kept: transparency (white lies below)." in rows(page)) == (ending == ".jpg")
    formats = {
        ending: {name: image.format for name, image in images.items()}
        for ending, images in made.items()
    }
    assert formats == {
        ".png": {"a-denoised.png": "PNG", "b-denoised.png": "PNG"},
        ".tif": {"a-denoised.tif": "TIFF", "b-denoised.tif": "TIFF"},
        "original": {"a-denoised.jpg": "JPEG", "b-denoised.png": "PNG"},
        ".jpg": {"a-denoised.jpg": "JPEG", "b-denoised.jpg": "JPEG"},
    }
    np.testing.assert_array_equal(
        made[".tif"]["b-denoised.tif"], made[".png"]["b-denoised.png"].convert("RGBA")
    )


def test_sixteen_bits_stay_in_a_zip_of_any_format_that_has_them(denoise_page, offered):
    page = denoise_page(mode="My photo is noisy")
    words = np.random.default_rng(0).integers(20_000, 40_000, (50, 60), dtype=np.uint16)
    deep = encoded(Image.fromarray(words), "TIFF")
    upload(page, "denoise-upload", ("a.png", png(60, 50)), ("deep.tif", deep))
    page.button_group("zip-format").set_value("original").run()
    press(page, "Denoise all 2 photos")
    offered.clear()
    finished(page)
    images = zipped(offered)
    assert {name: image.mode for name, image in images.items()} == {
        "a-denoised.png": "RGB",
        "deep-denoised.tif": "I;16",
    }


def test_a_photo_too_long_for_a_jpeg_is_a_png_in_the_zip(denoise_page, offered, monkeypatch):
    monkeypatch.setattr(photo_output, "LONGEST_JPEG", 80)
    page = denoise_page(mode="My photo is noisy")
    upload(page, "denoise-upload", ("long.png", png(96, 64)), ("short.png", png(60, 50)))
    page.button_group("zip-format").set_value(".jpg").run()
    page.slider("zip-quality").set_value(60).run()
    press(page, "Denoise all 2 photos")
    offered.clear()
    finished(page)
    assert list(zipped(offered)) == ["long-denoised.png", "short-denoised.jpg"]


def test_names_in_the_zip_differ_for_file_systems_without_capitals(denoise_page, offered):
    page = denoise_page(mode="My photo is noisy")
    upload(page, "denoise-upload", ("Cat.png", png(60, 50)), ("cat.jpg", phone_photo(60, 50)))
    press(page, "Denoise all 2 photos")
    offered.clear()
    finished(page)
    assert list(zipped(offered)) == ["Cat-denoised.png", "cat-denoised-2.png"]


def test_what_was_done_before_cancel_is_kept_and_said(denoise_page, offered, monkeypatch):
    at_second, may_go_on = threading.Event(), threading.Event()
    work = several._denoise_one

    def wait_at_second(model, strengths, photo, opened, on_progress):
        if photo.name == "b.png":
            at_second.set()
            may_go_on.wait(60)
        return work(model, strengths, photo, opened, on_progress)

    monkeypatch.setattr(several, "_denoise_one", wait_at_second)
    page = denoise_page(mode="My photo is noisy")
    photos = [(f"{name}.png", png(96, 64)) for name in "abc"]
    upload(page, "denoise-upload", *photos)
    press(page, "Denoise all 3 photos")
    assert at_second.wait(60)
    offered.clear()
    press(page, "Cancel")
    may_go_on.set()
    finished(page)
    assert "Cancelled, 1 of 3 denoised." in said(page.caption)
    assert rows(page).count("Not denoised") == 2
    assert list(zipped(offered)) == ["a-denoised.png"]
    assert "Denoise all 3 photos" in labels_of(page.button)


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


def test_the_help_beside_the_upload_names_both_limits(denoise_page):
    help_text = denoise_page().file_uploader("denoise-upload").help
    assert help_text == "Up to 40 megapixels, in a file of up to 64 MB."
