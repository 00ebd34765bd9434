"""A trained network tried on a photo, on the trainer and in the zoo."""

import io

import pytest
from PIL import Image

import cae_core as cae
from cae_core.errors import ImageError
from cae_ui.common import photo_trial
from tests.app.finding import SMALL, decibels, labelled, labels_of, press, said, upload
from tests.app.finding import finished as ended
from tests.app.images import phone_photo, png

FLAT = "flatten dense8 | dense3072:sigmoid reshape32x32x3"
GREY = "32x32x1 conv4 pool | up conv2:tanh"


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("network", "task", "how"),
    [
        (
            SMALL,
            cae.Denoise(0.1),
            "to the whole image",
        ),
        (
            FLAT,
            cae.Denoise(0.1),
            "in 6 tiles of 32 × 32, because the network has dense layers",
        ),
        (GREY, cae.ColorizeChroma(), "to the whole image"),
    ],
    ids=["convolutions", "dense", "colorize"],
)
def test_every_kind_of_network_can_be_tried_on_a_photo(
    trainer_page, finished, compared, offered, network, task, how
):
    page = trainer_page(job=finished(network, task))
    upload(page, "try-upload", ("p.png", png(70, 50)))
    *images, labels = compared[-1]
    assert labels == (task.input_caption, "Output of the network")
    assert [image.shape for image in images] == [(50, 70, 3)] * 2
    assert decibels(page, "PSNR, input") != decibels(page, "PSNR, output")
    assert f"p.png, 70 × 50 pixels. The network was applied {how}" in said(page.caption)
    page.button_group("try-show").set_value("Original").run()
    assert compared[-1][2] == ("Output of the network", "Original")
    make, _ = offered["Download the result"]
    assert Image.open(io.BytesIO(make())).size == (70, 50)


def test_a_photo_is_reconstructed_upright_at_its_own_size(trainer_page, finished, compared):
    page = trainer_page(job=finished())
    upload(page, "try-upload", ("p.jpg", phone_photo(90, 60)))
    *images, labels = compared[-1]
    assert labels == ("Original", "Output of the network")
    assert [image.shape for image in images] == [(90, 60, 3)] * 2
    assert "p.jpg, 60 × 90 pixels." in said(page.caption)
    assert "PSNR, input" not in labels_of(page.metric)
    upload(page, "try-upload", ("thin.png", png(900, 1)))
    assert "thin.png, 900 × 1 pixels." in said(page.caption)


def test_a_photo_that_cannot_be_used_is_refused_with_one_message(trainer_page, finished):
    page = trainer_page(job=finished())
    for name, content in (("bad.png", b"words"), ("half.jpg", phone_photo(300, 200)[:400])):
        upload(page, "try-upload", (name, content))
        (error,) = page.error.values
        assert "Received" in error
    assert not labelled(page.button, "Train").disabled


def test_a_photo_that_the_network_cannot_take_is_refused(trainer_page, finished, monkeypatch):
    def refuse(*_, **__):
        raise ImageError("An image is not that thin. Received: 1 × 80,000,000. Cut it.")

    monkeypatch.setattr(photo_trial, "apply_to_photo", refuse)
    page = trainer_page(job=finished())
    assert "Received: 1 × 80,000,000." in said(page.error)
    assert not labelled(page.button, "Train").disabled


def test_a_large_photo_is_worked_on_whole_at_a_press(trainer_page, finished, monkeypatch, offered):
    monkeypatch.setattr(photo_trial, "PREVIEW_SIDE", 40)
    page = trainer_page(job=finished())
    upload(page, "try-upload", ("My photo.png", png(70, 50)))
    assert said(page.caption).count("70 × 50 pixels") == 1
    assert "The image above is reduced from 70 × 50 pixels." in said(page.caption)
    press(page, "Work on all 0.0 megapixels")
    ended(page)
    assert "The whole of My photo.png, 70 × 50 pixels, done in" in said(page.caption)
    (_, name) = list(offered.values())[-1]
    assert name.startswith("My photo-")
