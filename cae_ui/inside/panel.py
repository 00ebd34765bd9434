"""The latent of one image on other pages, with a link to the page Inside."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from cae_core.images.operations import to_uint8
from cae_ui.common.pixels import show_tiles
from cae_ui.inside.colors import signed_colors
from cae_ui.inside.opened import NETWORK_KEY, network_identity, opened_network, said_shape

SIDE, CHANNEL_SIDE = 96, 40  # CSS pixels
MOST_CHANNELS = 64
LABEL = "Look inside"


def show_panel(choice: str) -> None:
    """An image, the latent that a network makes of it, and the image decoded from that.

    Args:
        choice: The network as `network_input` returns it.

    Raises:
        CAEError: It cannot be opened.
    """
    image, latent, decoded = _one_image(choice, network_identity(choice))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width="content"):
            show_tiles(image[np.newaxis], ["Original"], SIDE, "")
        with st.container(width="content"):
            tiles = latent_tiles(latent)
            side = CHANNEL_SIDE if len(tiles) > 1 else 2 * SIDE
            show_tiles(tiles, [""] * len(tiles), side, "Channel of the latent")
            left_out = latent.shape[-1] - len(tiles) if latent.ndim == 3 else 0
            st.caption(
                f"The latent: {said_shape(latent.shape)}"
                + (f", {left_out} channels left out" if left_out else "")
            )
        with st.container(width="content"):
            show_tiles(decoded[np.newaxis], ["Decoded"], SIDE, "")
    show_link(choice)


def show_link(choice: str) -> None:
    """A link to the page Inside with a network, as `network_input` returns it."""
    st.page_link(
        "pages/inside.py",
        label=LABEL,
        icon=":material/frame_inspect:",
        query_params={NETWORK_KEY: choice.partition("@")[0]},
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _one_image(choice: str, identity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first of a network's images, its latent and the image decoded from that."""
    network, images, _ = opened_network(choice, identity)
    encoded = network.encode(images[:1])
    return images[0], encoded.latents[0], to_uint8(network.decode(encoded)[0])


def latent_tiles(latent: np.ndarray) -> np.ndarray:
    """A latent as tiles: one for each of the first channels, or one of a vector in rows.

    Returns:
        uint8 (N, h, w, 3).
    """
    limit = float(np.abs(latent).max())
    if latent.ndim == 3:
        # (h, w, c) -> (c, h, w, 3)
        return np.moveaxis(signed_colors(latent, limit), 2, 0)[:MOST_CHANNELS]
    # Four times as wide as high or wider, all rows of one length.
    least = min(math.ceil(math.sqrt(4 * latent.size)), latent.size)
    columns = next(n for n in range(least, latent.size + 1) if latent.size % n == 0)
    return signed_colors(latent.reshape(1, -1, columns), limit)
