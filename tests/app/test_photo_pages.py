"""What the pages that take a photo have in common: uploads good and bad, small and large."""

import io
from typing import NamedTuple

import pytest

from cae_ui.common import photo_input
from tests.app.finding import labelled, press, said
from tests.app.images import png, scene


class PhotoPage(NamedTuple):
    """A page that takes a photo: fixture, key of the upload, a slider, a verb."""

    fixture: str
    upload: str
    slider: str
    verb: str


PAGES = (
    PhotoPage("denoise_page", "denoise-upload", "sigma", "Denoise"),
    PhotoPage("colorize_page", "colorize-upload", "saturation", "Colorize"),
)


@pytest.fixture(params=PAGES, ids=lambda page: page.verb)
def kind(request):
    return request.param


@pytest.fixture
def page(request, kind):
    return request.getfixturevalue(kind.fixture)()


def upload(page, kind, name, content):
    return page.file_uploader(kind.upload).set_value((name, content, "image/png")).run()


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (7, 5)])
def test_the_smallest_images_work(page, kind, size):
    upload(page, kind, "tiny.png", png(*size))
    assert not page.error
    assert labelled(page.get("download_button"), f"{kind.verb.removesuffix('e')}ed")


def test_an_upload_that_stops_in_the_middle_gives_one_sentence_and_the_page_goes_on(page, kind):
    upload(page, kind, "half.png", png(300, 200)[:2000])
    (error,) = page.error
    assert "Received: " in error.value
    upload(page, kind, "whole.png", png(60, 40))
    assert not page.error
    assert page.get("download_button")


def test_a_large_photo_is_tried_small_and_worked_on_whole(page, kind):
    buffer = io.BytesIO()
    scene(1500, 900).save(buffer, "PNG")
    upload(page, kind, "large.png", buffer.getvalue())
    assert "1,500 x 900 pixels; the image above is reduced" in said(page.caption)
    press(page, f"{kind.verb} all 1.4 megapixels")
    assert "1,500 x 900 pixels, done in" in said(page.caption)
    assert labelled(page.get("download_button"), "Download the whole photo")


def test_a_moved_slider_does_not_decode_the_upload_again(page, kind, monkeypatch):
    decoded = []
    opened = photo_input.open_image

    def counted(content):
        decoded.append(len(content))
        return opened(content)

    monkeypatch.setattr(photo_input, "open_image", counted)
    upload(page, kind, "mine.png", png(900, 700))
    page.slider(kind.slider).set_value(0.5 if kind.slider == "saturation" else 60).run()
    page.slider(kind.slider).set_value(0.7 if kind.slider == "saturation" else 70).run()
    assert len(decoded) == 1
    upload(page, kind, "other.png", png(80, 60))
    assert len(decoded) == 2
