"""Sample photos as the colorizers of the zoo colour them, side by side."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.data.samples import sample_photograph
from cae_core.images.operations import image_grid, middle, resize
from cae_ui.common.photo_input import SAMPLE_PHOTOS
from cae_ui.common.pixels import show_pixels
from cae_ui.common.resources import freeze_garbage_collector

_SIDE = 240


def show_colorings(name: str) -> None:
    """The sample photos, coloured by a network and by the other ones that give probabilities."""
    st.markdown("**Photos coloured by it and by others**")
    all_of_them = [each for each in zoo.names() if zoo.card(each).network in zoo.AB_NETWORKS]
    all_of_them.sort(key=lambda each: (each != name, each != zoo.DEFAULT_COLORIZER))
    photos = np.stack(list(_photos()))
    show_pixels(image_grid(photos, columns=len(photos), gap=4), "As they were")
    for network in all_of_them:
        images = _colored(network, zoo.card(network).sha256)
        show_pixels(image_grid(images, columns=len(images), gap=4), zoo.card(network).title)


def _photos() -> Iterator[np.ndarray]:
    """The middle of every sample photo in colour, (side, side, 3) in [0, 1]."""
    for file in SAMPLE_PHOTOS.values():
        photo = sample_photograph(file)
        side = min(photo.shape[:2])
        yield resize(middle(photo, side, side), _SIDE, _SIDE)


@st.cache_data(show_spinner="The network works …", max_entries=4)
def _colored(name: str, checksum: str) -> np.ndarray:
    """The photos coloured by a network, (N, side, side, 3); a new checksum is a new network."""
    from cae_core.photos.colorizing import colorize

    images = np.stack([colorize(photo, name) for photo in _photos()])
    freeze_garbage_collector()
    return images
