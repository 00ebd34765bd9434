"""A trained network tried on a photo, on the trainer and in the zoo."""

import pytest

import cae_core as cae
from cae_core.errors import ImageError
from cae_ui.common import photo_trial
from tests.app.finding import SMALL, captions_of, labelled, said, upload
from tests.app.images import phone_photo, png

FLAT = "flatten dense8 | dense3072:sigmoid reshape32x32x3"
GREY = "32x32x1 conv4 pool | up conv2:tanh"


@pytest.mark.parametrize(
    ("network", "task", "how"),
    [
        (
            SMALL,
            cae.Denoise(0.1),
            "whole image",
        ),
        (
            FLAT,
            cae.Denoise(0.1),
            "because the network has dense layers",
        ),
        (GREY, cae.ColorizeChroma(), "whole image"),
    ],
    ids=["convolutions", "dense", "colorize"],
)
def test_every_kind_of_network_can_be_tried_on_a_photo(trainer_page, finished, network, task, how):
    page = trainer_page(job=finished(network, task))
    upload(page, "try-upload", ("p.png", png(70, 50)))
    original, damaged, output = captions_of(page)
    assert original == "p.png, 70 x 50"
    assert damaged.startswith(f"{task.input_caption}: ")
    assert output.startswith("Output of the network: ")
    assert how in said(page.caption)
    assert labelled(page.get("download_button"), "Download the result")


def test_a_photo_is_reconstructed_upright_at_its_own_size(trainer_page, finished):
    page = trainer_page(job=finished())
    upload(page, "try-upload", ("p.jpg", phone_photo(90, 60)))
    original, output = captions_of(page)
    assert original == "p.jpg, 60 x 90"
    assert output.startswith("Output of the network: ")
    upload(page, "try-upload", ("thin.png", png(900, 1)))
    assert captions_of(page)[0] == "thin.png, 900 x 1"


def test_a_photo_that_cannot_be_used_is_refused_with_one_message(trainer_page, finished):
    page = trainer_page(job=finished())
    for name, content in (("bad.png", b"words"), ("half.jpg", phone_photo(300, 200)[:400])):
        upload(page, "try-upload", (name, content))
        (error,) = page.error.values
        assert "Received" in error
    assert not labelled(page.button, "Train").disabled


def test_a_photo_that_the_network_cannot_take_is_refused(trainer_page, finished, monkeypatch):
    def refuse(*_, **__):
        raise ImageError("An image is not that thin. Received: 1 x 80,000,000. Cut it.")

    monkeypatch.setattr(photo_trial, "apply_to_photo", refuse)
    page = trainer_page(job=finished())
    assert "Received: 1 x 80,000,000." in said(page.error)
    assert not labelled(page.button, "Train").disabled
