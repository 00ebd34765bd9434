"""The part "Layers" of a network that no architecture text describes: its Keras layers."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cae_core import zoo
from cae_core.formats import format_sigma, format_size
from cae_core.inspection.keras_layers import WeightedLayer
from cae_core.photos.zoo_inputs import NOISE
from cae_ui.common.file_names import words
from cae_ui.inside.feature_maps import maps_input, place_input
from cae_ui.inside.kernels import show_kernels
from cae_ui.inside.one_number import show_one_number
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
    network = opened.network
    count = len(network.layers)
    number = _layer_input(network.layers)
    layer, passed = network.layers[number - 1], opened.passed()[number - 1]
    st.markdown(
        f"**Layer {number}** of {count} with weights &nbsp;`{layer.name}`&nbsp; makes "
        f"{said_shape(passed.made.shape)}"
    )
    file_name = f"{words(opened.choice)}-{words(opened.name)}-{words(layer.name)}"
    channel = maps_input(passed.made, file_name)
    place = place_input(
        passed.made,
        channel,
        opened.inputs()[0][0],
        partial(network.input_box, number),
        _SHOWN.get(zoo.card(opened.choice).network, "The network's input."),
    )
    show_one_number(
        float(passed.made[place]),
        place,
        network.arithmetic(number, passed, place),
        reads_image=layer.reads_input,
    )
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
