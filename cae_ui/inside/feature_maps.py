"""The feature maps of a layer: all, the chosen one large, and what a pixel of it depends on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from cae_core.formats import format_size
from cae_core.images.encoding import encode_png
from cae_core.images.operations import image_grid, to_uint8
from cae_core.inspection.arithmetic import Box
from cae_core.inspection.maps import by_energy, channel_energies
from cae_ui.common.downloads import show_download
from cae_ui.common.picker import Choice, kept_choice, kept_place, pick_bar, pick_place, pick_tile
from cae_ui.inside.colors import scale_legend, signed_colors
from cae_ui.inside.digits import signed
from cae_ui.inside.opened import tile_factor

CHANNEL_KEY, PLACE_KEY = "channel", "place"
MOST_MAPS = 128
LARGE = 320  # CSS pixels


def maps_input(activation: np.ndarray, file_name: str) -> int:
    """All channels of a layer, that of the most energy first, of which one is chosen.

    Args:
        activation: The layer's output.
        file_name: Beginning of the name of the download: network, image and layer.

    Returns:
        The chosen channel.
    """
    order = by_energy(activation)
    channel = int(
        kept_choice(CHANNEL_KEY, [str(each) for each in range(len(order))], str(order[0]))
    )
    _show_maps(activation, order, channel, file_name)
    return channel


def _show_maps(activation: np.ndarray, order: np.ndarray, channel: int, file_name: str) -> None:
    """All channels of a layer, and a download of them."""
    limit = float(np.abs(activation).max()) or 1.0
    is_signed = bool(activation.min() < 0)
    energies = channel_energies(activation)
    shown = order[:MOST_MAPS] if activation.ndim == 3 else np.arange(len(activation))
    choices = [
        Choice(
            str(each),
            str(each),
            f"Channel {each}, mean square {signed(energies[each])}"
            if activation.ndim == 3
            else f"Number {each}: {signed(activation[each])}",
        )
        for each in shown
    ]
    if activation.ndim == 1:
        pick_bar(CHANNEL_KEY, activation, choices, str(channel), label="Numbers of the layer")
        st.caption(
            f"From {signed(activation.min())} to {signed(activation.max())}. "
            f"{_silent(energies)}Click a number to write it out."
        )
        return
    colors = signed_colors(activation, limit)
    # (H, W, C, 3) -> (N, H, W, 3)
    tiles = np.moveaxis(colors, 2, 0)[shown]
    factor = tile_factor(activation.shape[1])
    pick_tile(
        CHANNEL_KEY,
        tiles,
        choices,
        str(channel),
        label="Feature maps",
        side=factor * activation.shape[1],
    )
    st.html(scale_legend(limit, is_signed))
    left_out = len(order) - len(shown)
    more = f", {left_out:,} more left out" if left_out else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f"One scale of colours for all channels, the most energy first{more}; a number of the "
            f"map is {format_size(factor, factor)} pixels here. {_silent(energies)}"
            "Click a map to look into it."
        )
        show_download(
            "Feature maps",
            lambda: encode_png(image_grid(tiles, columns=min(8, len(tiles)))),
            f"{file_name}-feature-maps.png",
            icon=":material/image:",
        )


def _silent(energies: np.ndarray) -> str:
    """How many channels are 0 everywhere, as a sentence; empty where none is."""
    count = int((energies == 0).sum())
    return f"{count} of {len(energies):,} are 0 for this image. " if count else ""


def place_input(
    activation: np.ndarray,
    channel: int,
    source: np.ndarray,
    box_at: Callable[[int, int], Box | None],
    described: str = "The network's input.",
) -> tuple[int, ...]:
    """The chosen map and the part of the input that a chosen pixel of it depends on.

    Args:
        activation: The layer's output.
        channel: The chosen channel.
        source: What the network takes in, float32 (H, W, C) in [0, 1].
        box_at: From row and column to that part.
        described: What the network takes in, as a sentence.

    Returns:
        Row, column and channel of the chosen number, or its position in a vector.
    """
    columns = st.columns(2)
    at = (0, 0)
    place: tuple[int, ...] = (channel,)
    if activation.ndim == 3:
        height, width, _ = activation.shape
        at = kept_place(PLACE_KEY, height, width)
        place = (*at, channel)
        with columns[0]:
            limit = float(np.abs(activation).max()) or 1.0
            pick_place(
                PLACE_KEY,
                signed_colors(activation[..., channel], limit),
                label=f"Channel {channel}: click a pixel, or move it with the arrow keys",
                side=LARGE,
                chosen=at,
            )
            st.caption(
                f"Channel {channel}, {format_size(height, width)}: row {at[0]}, column {at[1]}. "
                "Click a pixel, or move it with the arrow keys."
            )
    box = box_at(*at)
    with columns[-1] if activation.ndim == 3 else columns[0]:
        pixels = to_uint8(np.clip(source, 0, 1))
        pick_place(None, pixels, label="The network's input", side=LARGE, box=box)
        st.caption(f"{described} {_said_field(box, source.shape)}")
    return place


def _said_field(box: tuple[int, int, int, int] | None, shape: tuple[int, ...]) -> str:
    """The receptive field in words."""
    if box is None:
        return "The number depends on nothing of it."
    top, left, bottom, right = box
    size = format_size(bottom - top + 1, right - left + 1)
    if (bottom - top + 1, right - left + 1) == shape[:2]:
        return f"The number can depend on all of it, {size} pixels."
    return (
        f"The number can depend on the {size} pixels in the frame, its receptive field, and on no "
        "other."
    )
