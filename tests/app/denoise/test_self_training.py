"""A network is trained on the visitor's own image at a press."""

from functools import partial

import pytest

from cae_core.photos import self_training as core
from cae_ui.denoise import self_training
from tests.app.finding import finished, press, said, upload
from tests.app.images import png


@pytest.mark.heavy
def test_the_image_is_trained_on_at_a_press_and_compared_with_the_chosen_network(
    denoise_page, monkeypatch
):
    monkeypatch.setattr(self_training, "train_on_photo", partial(core.train_on_photo, steps=2))
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
