"""The part "Layers": the feature maps of one layer, its kernels, one number written out."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from cae_core.architecture.layers import Mark
from cae_core.architecture.report import Row, analyze
from cae_core.formats import counted, format_size
from cae_core.images.encoding import encode_png
from cae_core.images.operations import image_grid, to_uint8
from cae_core.inspection.arithmetic import input_box
from cae_core.inspection.kernels import kernels_of, reads_image
from cae_core.inspection.maps import by_energy, channel_energies
from cae_ui.common.file_names import words
from cae_ui.common.network_diagram import INPUT, network_diagram
from cae_ui.common.picker import Choice, kept_choice, kept_place, pick_bar, pick_place, pick_tile
from cae_ui.common.pixels import show_tiles
from cae_ui.inside.colors import scale_legend, signed_colors
from cae_ui.inside.one_number import show_one_number
from cae_ui.inside.opened import Opened, network_file_name, said_shape, tile_factor

LAYER_KEY, CHANNEL_KEY, PLACE_KEY = "layer", "channel", "place"
MOST_MAPS = 128
MOST_SLICES = 64
LARGE = 320  # CSS pixels


@st.fragment
def show_layers(opened: Opened) -> None:
    """The network as blocks, and the layer that was chosen of it."""
    report = analyze(opened.network.architecture)
    row = _layer_input(report.rows)
    network_diagram(
        report,
        key="inside-diagram",
        chosen=str(row.index - 1),
        on_choose=partial(_choose_layer, report.rows),
    )
    activations = opened.network.activations(opened.image)
    activation = activations[row.index]
    order = by_energy(activation)
    channel = int(
        kept_choice(CHANNEL_KEY, [str(each) for each in range(len(order))], str(order[0]))
    )
    st.markdown(
        f"**Layer {row.index}** of the {row.part} &nbsp;`{row.token}`&nbsp; makes "
        f"{said_shape(row.output_shape)}"
    )
    file_name = f"{network_file_name(opened.choice)}-{words(opened.name)}-layer-{row.index}"
    show_maps(activation, order, channel, file_name)
    place = _place_input(opened, row, activations, channel)
    show_one_number(opened.network, activations, row, place)
    kernels = kernels_of(opened.network, row.index)
    if kernels is not None:
        show_kernels(kernels, channel, reads_image=reads_image(opened.network, row.index))


def _layer_input(rows: tuple[Row, ...]) -> Row:
    """The layers as chips, of which one is chosen; marks make no numbers and are left out."""
    labels = {
        row.index: f"{row.index} {row.token}" for row in rows if not isinstance(row.layer, Mark)
    }
    if st.session_state.get(LAYER_KEY) not in {None, *labels}:
        del st.session_state[LAYER_KEY]  # of another network
    chosen = st.pills(
        "Layer",
        list(labels),
        format_func=labels.__getitem__,
        default=next(iter(labels)),
        required=True,
        wrap=True,
        key=LAYER_KEY,
        bind="query-params",
    )
    return rows[int(chosen) - 1]


def _choose_layer(rows: tuple[Row, ...], block: str) -> None:
    """Chooses the layer of a block of the diagram that makes numbers; for use in a callback."""
    if block != INPUT and not isinstance(rows[int(block)].layer, Mark):
        st.session_state[LAYER_KEY] = int(block) + 1


def show_maps(activation: np.ndarray, order: np.ndarray, channel: int, file_name: str) -> None:
    """All channels of a layer, that of the most energy first, of which one can be chosen.

    Args:
        activation: The layer's output.
        order: Its channels, that of the most energy first.
        channel: The chosen one.
        file_name: Beginning of the name of the download: network, image and layer.
    """
    limit = float(np.abs(activation).max()) or 1.0
    is_signed = bool(activation.min() < 0)
    energies = channel_energies(activation)
    shown = order[:MOST_MAPS] if activation.ndim == 3 else np.arange(len(activation))
    choices = [
        Choice(
            str(each),
            str(each),
            f"Channel {each}, mean square {energies[each]:.3g}"
            if activation.ndim == 3
            else f"Number {each}: {activation[each]:.3g}",
        )
        for each in shown
    ]
    if activation.ndim == 1:
        pick_bar(CHANNEL_KEY, activation, choices, str(channel), label="Numbers of the layer")
        st.caption(
            f"From {activation.min():.3g} to {activation.max():.3g}. "
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
        st.download_button(
            "Feature maps",
            encode_png(image_grid(tiles, columns=min(8, len(tiles)))),
            f"{file_name}-feature-maps.png",
            icon=":material/image:",
            on_click="ignore",
        )


def _silent(energies: np.ndarray) -> str:
    """How many channels are 0 everywhere, as a sentence; empty where none is."""
    count = int((energies == 0).sum())
    return f"{count} of {len(energies):,} are 0 for this image. " if count else ""


def _place_input(
    opened: Opened, row: Row, activations: list[np.ndarray], channel: int
) -> tuple[int, ...]:
    """The chosen map and the part of the input that a chosen pixel of it depends on.

    Returns:
        Row, column and channel of the chosen number, or its position in a vector.
    """
    activation = activations[row.index]
    network = opened.network
    source = to_uint8(np.clip(activations[0], 0, 1))
    if activation.ndim == 1:
        at = (0, 0)
        place: tuple[int, ...] = (channel,)
    else:
        height, width, _ = activation.shape
        at = kept_place(PLACE_KEY, height, width)
        place = (*at, channel)
    box = input_box(network, row.index, *at)
    columns = st.columns(2)
    if activation.ndim == 3:
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
                f"Channel {channel}, row {at[0]}, column {at[1]}. Click a pixel, or move it with "
                "the arrow keys."
            )
    with columns[-1] if activation.ndim == 3 else columns[0]:
        pick_place(None, source, label="The network's input", side=LARGE, box=box)
        st.caption(_said_field(box, source.shape))
    return place


def _said_field(box: tuple[int, int, int, int] | None, shape: tuple[int, ...]) -> str:
    """The receptive field in words."""
    if box is None:
        return "This pixel depends on nothing of the input."
    top, left, bottom, right = box
    size = format_size(bottom - top + 1, right - left + 1)
    if (bottom - top + 1, right - left + 1) == shape[:2]:
        return f"The network's input. The number can depend on all of it, {size} pixels."
    return (
        f"The network's input. The number can depend on the {size} pixels in the frame, its "
        "receptive field, and on no other."
    )


def show_kernels(kernels: np.ndarray, channel: int, *, reads_image: bool) -> None:
    """The kernels of a layer: all of one that reads the image, else those of one channel.

    Args:
        kernels: (height, width, input channels, output channels).
        channel: The chosen output channel.
        reads_image: Whether the layer's input is the image.
    """
    height, width, channels, count = kernels.shape
    limit = float(np.abs(kernels).max()) or 1.0
    side = tile_factor(width) * width
    st.header("Kernels", anchor=False)
    if channels in (1, 3) and (reads_image or min(height, width) > 7):
        shown = np.argsort(-np.square(kernels).sum(axis=(0, 1, 2)), kind="stable")[:MOST_SLICES]
        images = _kernel_images(kernels, limit)[shown]
        choices = [Choice(str(each), str(each), f"Kernel of channel {each}") for each in shown]
        pick_tile(
            CHANNEL_KEY, images, choices, str(channel), label="Kernels", side=side, key="kernels"
        )
        what = " in colour: grey is 0" if channels == 3 else ": dark is 0, blue below, amber above"
        st.caption(
            f"What each channel looks for in the image, {format_size(height, width)} weights"
            f"{what}; the largest is {limit:.3g}. {_ordered(count, len(shown), 'kernel')} "
            "The image does not change them."
        )
        return
    kernel = kernels[..., channel % count]
    order = np.argsort(-np.square(kernel).sum(axis=(0, 1)), kind="stable")[:MOST_SLICES]
    images = np.moveaxis(signed_colors(kernel, limit), 2, 0)[order]
    show_tiles(images, [str(each) for each in order], side // 2, "Kernel of input channel")
    st.html(scale_legend(limit, is_signed=True))
    st.caption(
        f"Channel {channel}: {format_size(height, width)} weights for every channel of its input. "
        f"{_ordered(channels, len(order), 'channel')} The image does not change them."
    )


def _ordered(count: int, shown: int, noun: str) -> str:
    """In which order something is shown, and how much of it.

    Example:
        >>> _ordered(8, 8, "kernel"), _ordered(100, 64, "kernel")
        ('The largest first.', 'The largest first: 64 of 100 kernels, 36 are left out.')
    """
    if count == shown:
        return "The largest first."
    return f"The largest first: {shown} of {counted(count, noun)}, {count - shown:,} are left out."


def _kernel_images(kernels: np.ndarray, limit: float) -> np.ndarray:
    """Kernels on an image as images: (h, w, 1 or 3, N) -> uint8 (N, h, w, 3)."""
    images = np.moveaxis(kernels, 3, 0)
    if images.shape[3] == 1:
        return signed_colors(images[..., 0], limit)
    return to_uint8(0.5 + images.astype(np.float32) / (2 * limit))
