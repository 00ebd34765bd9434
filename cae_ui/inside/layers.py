"""The part "Layers": the feature maps of one layer, its kernels, one number written out."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cae_core.architecture.layers import Mark
from cae_core.architecture.report import Row, analyze
from cae_core.inspection.arithmetic import arithmetic_of, input_box
from cae_core.inspection.kernels import kernels_of, reads_image
from cae_ui.common.file_names import words
from cae_ui.common.network_diagram import INPUT, network_diagram
from cae_ui.inside.feature_maps import maps_input, place_input
from cae_ui.inside.kernels import show_kernels
from cae_ui.inside.one_number import show_one_number
from cae_ui.inside.opened import Opened, network_file_name, said_shape

LAYER_KEY = "layer"


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
    st.markdown(
        f"**Layer {row.index}** of the {row.part} &nbsp;`{row.token}`&nbsp; makes "
        f"{said_shape(row.output_shape)}"
    )
    file_name = f"{network_file_name(opened.choice)}-{words(opened.name)}-layer-{row.index}"
    channel = maps_input(activation, file_name)
    network = opened.network
    place = place_input(activation, channel, activations[0], partial(input_box, network, row.index))
    show_one_number(
        float(activation[place]),
        place,
        arithmetic_of(network, activations, row.index, place),
        reads_image=reads_image(network, row.index),
    )
    kernels = kernels_of(network, row.index)
    if kernels is not None:
        show_kernels(kernels, channel, reads_image=reads_image(network, row.index))


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
