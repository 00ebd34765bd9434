"""Pairs of images under the comparison slider, as Denoise, Colorize, Trainer and Zoo show them."""

from types import SimpleNamespace

import numpy as np

from cae_ui.common.image_views import pixels


def test_images_of_every_kind_become_what_the_slider_takes():
    plain = SimpleNamespace(opacity=None)
    grey = np.full((3, 4, 1), 0.5, np.float32)
    assert pixels(grey, plain).shape == (3, 4)
    beyond = pixels(np.stack([grey[..., 0] - 1, grey[..., 0], grey[..., 0] + 1], axis=-1), plain)
    assert beyond.dtype == np.uint8
    assert beyond[0, 0].tolist() == [0, 128, 255]
    see_through = SimpleNamespace(opacity=np.zeros((3, 4), np.float32))
    assert (pixels(grey, see_through) == 255).all()
