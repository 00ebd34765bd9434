"""The parts of the page, in the order in which they are offered."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cae_ui.inside.between import show_between
from cae_ui.inside.keras_layers import show_keras_layers
from cae_ui.inside.latent import show_latent
from cae_ui.inside.layers import show_layers
from cae_ui.inside.learning import show_learning
from cae_ui.inside.map import show_map
from cae_ui.inside.opened import LAYERS, LEARNING, Opened, OpenedLayers

PARTS: dict[str, Callable[[Opened], None]] = {
    LAYERS: show_layers,
    "Latent": show_latent,
    "Between two images": show_between,
    "Map": show_map,
    LEARNING: show_learning,
}


def show_part(part: str, opened: Opened | OpenedLayers) -> None:
    """A part of the page; a sentence where a network has no latent for it.

    Args:
        part: One of `PARTS`.
        opened: The network and the image.
    """
    if isinstance(opened, Opened):
        PARTS[part](opened)
    elif part == LAYERS:
        show_keras_layers(opened)
    else:
        st.info(
            "This network has no latent between an encoder and a decoder: the part Layers shows "
            "its feature maps and kernels. Choose another network for this part.",
            icon=":material/info:",
        )
