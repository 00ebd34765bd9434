"""The part "Layers" of a network that no architecture text describes: its Keras layers."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cae_core import zoo
from cae_core.formats import format_sigma, format_size
from cae_core.images.operations import to_uint8
from cae_core.inspection.keras_layers import WeightedLayer
from cae_core.inspection.maps import by_energy
from cae_core.photos.zoo_inputs import NOISE
from cae_ui.common.file_names import words
from cae_ui.common.picker import kept_choice, pick_place
from cae_ui.inside.colors import signed_colors
from cae_ui.inside.layers import CHANNEL_KEY, LARGE, show_kernels, show_maps
from cae_ui.inside.opened import OpenedLayers, said_shape

LAYER_KEY = "weights"
# What a network is shown; others are shown the image itself.
_NOISY = f"The network's input: the image with noise, sigma {format_sigma(NOISE)}."
_SHOWN = {zoo.PHOTO_DENOISER: _NOISY, zoo.CAMERA_DENOISER: _NOISY} | dict.fromkeys(
    zoo.AB_NETWORKS, "The network's input: the lightness of the image."
)


@st.fragment
def show_keras_layers(opened: OpenedLayers) -> None:
    """The layers that have weights, of which one is chosen, its feature maps and its kernels."""
    layers = opened.network.layers
    number = _layer_input(layers)
    layer, activation = layers[number - 1], opened.activations()[number - 1]
    order = by_energy(activation)
    channel = int(
        kept_choice(CHANNEL_KEY, [str(each) for each in range(len(order))], str(order[0]))
    )
    st.markdown(
        f"**Layer {number}** of {len(layers)} with weights &nbsp;`{layer.name}`&nbsp; makes "
        f"{said_shape(activation.shape)}"
    )
    file_name = f"{words(opened.choice)}-{words(opened.name)}-{words(layer.name)}"
    show_maps(activation, order, channel, file_name)
    _show_large(opened, activation, channel)
    if layer.kernel is not None:
        show_kernels(layer.kernel, channel, reads_image=layer.reads_input)


def _layer_input(layers: tuple[WeightedLayer, ...]) -> int:
    """The list of the layers; the number of the chosen one, from 1."""
    labels = {number: _label(number, layer) for number, layer in enumerate(layers, start=1)}
    if st.session_state.get(LAYER_KEY) not in {None, *labels}:
        del st.session_state[LAYER_KEY]  # of another network
    return int(
        st.selectbox(
            "Layer",
            list(labels),
            format_func=labels.__getitem__,
            key=LAYER_KEY,
            bind="query-params",
            help="Those that have weights, in the order in which they work. Between them are "
            "layers that only rectify, add or move numbers.",
        )
    )


def _label(number: int, layer: WeightedLayer) -> str:
    """A layer in a list."""
    if layer.kernel is None:
        return f"{number} {layer.name}, {layer.kind}"
    height, width, channels, count = layer.kernel.shape
    kernel = f"kernel {height}" if height == width else f"kernel {format_size(height, width)}"
    return f"{number} {layer.name}, {layer.kind}, {kernel}, {channels} to {count} channels"


def _show_large(opened: OpenedLayers, activation: np.ndarray, channel: int) -> None:
    """The chosen map beside what the network takes in."""
    source = to_uint8(np.clip(opened.inputs()[0][0], 0, 1))
    columns = st.columns(2)
    if activation.ndim == 3:
        with columns[0]:
            limit = float(np.abs(activation).max()) or 1.0
            colors = signed_colors(activation[..., channel], limit)
            pick_place(None, colors, label=f"Channel {channel}", side=LARGE, key="map")
            st.caption(f"Channel {channel}, {format_size(*activation.shape[:2])}.")
    with columns[-1] if activation.ndim == 3 else columns[0]:
        pick_place(None, source, label="The network's input", side=LARGE)
        st.caption(_SHOWN.get(zoo.card(opened.choice).network, "The network's input."))
