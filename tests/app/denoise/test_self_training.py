"""A network is trained on the visitor's own image at a press."""

from functools import partial

import pytest

from cae_core.data.samples import noisy_photograph_paths
from cae_core.images.decoding import open_image
from cae_core.images.metrics import psnr
from cae_core.photos import self_training as core
from cae_ui.denoise import self_training
from tests.app.finding import decibels, finished, press, said, upload
from tests.app.images import png


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A training is a few steps."""
    monkeypatch.setattr(self_training, "train_on_photo", partial(core.train_on_photo, steps=2))


@pytest.mark.heavy
def test_the_image_is_trained_on_at_a_press_and_compared_with_the_chosen_network(
    denoise_page,
):
    page = denoise_page()
    upload(page, "denoise-upload", ("small.png", png(40, 30)))
    labels = [metric.label for metric in page.metric]
    assert "PSNR, this image alone" not in labels
    press(page, "Train on this image")
    finished(page)
    assert "PSNR, this image alone" in [metric.label for metric in page.metric]
    page.slider("sigma").set_value(30).run()  # another image, on which nothing was trained yet
    assert "PSNR, this image alone" not in [metric.label for metric in page.metric]
    with self_training._turn():
        press(page, "Train on this image")
        finished(page)
    assert "One image at a time" in said(page.error)


def test_a_noisy_photo_with_a_reference_has_figures_and_the_result_is_a_download(
    denoise_page, offered
):
    page = denoise_page(mode="My photo is noisy", **{"denoise-high-iso": "Leaves, ISO 4000"})
    press(page, "Train on this image")
    finished(page)
    both = decibels(page, "PSNR, chosen network"), decibels(page, "PSNR, this image alone")
    assert both[0] == decibels(page, "PSNR, denoised")
    assert "PSNR against the mean of many shots." in said(page.caption)
    content, name = offered["Trained on this image alone, PNG"]
    assert name == "Leaves, ISO 4000-self-trained.png"
    trained = open_image(content())
    reference = open_image(noisy_photograph_paths("leaves")[1])
    assert psnr(trained, reference) == pytest.approx(both[1], abs=0.05)
