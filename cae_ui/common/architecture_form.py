"""The form of an architecture: its layers as chips, the settings of the chosen one as widgets."""

from __future__ import annotations

import dataclasses
from typing import Any

import streamlit as st

from cae_core.architecture.editing import (
    insert_layer,
    move_latent,
    move_layer,
    remove_layer,
    replace_layer,
)
from cae_core.architecture.formulas import format_shape
from cae_core.architecture.layers import LAYER_KINDS, Layer, Reshape
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_ui.common.address import address_text
from cae_ui.common.architecture_text import TEXT_KEY, change, show_refusal, was_changed_by_form
from cae_ui.common.controls import with_value
from cae_ui.common.section import section

INPUT, LATENT = "input", "latent"

# Sliders cover what people try; larger numbers are typed.
SLIDER_HIGHEST = {
    "channels": 128,
    "kernel": 11,
    "stride": 4,
    "dilation": 8,
    "size": 8,
    "factor": 8,
    "pixels": 16,
}


@section
def architecture_form(key: str, architecture: Architecture) -> int | None:
    """Chips for input, layers and latent, and the form of the chosen one.

    Args:
        key: Name of the architecture's text in session state.
        architecture: The architecture of the text.

    Returns:
        The layer whose tensor is chosen, counted from 0: the encoder's last for the latent; None
        for the input.
    """
    chosen = _chips(key, architecture)
    show_refusal(key)
    if chosen == INPUT:
        _input_form(key, architecture)
        return None
    if chosen == LATENT:
        _latent_form(key, architecture)
        return len(architecture.encoder) - 1
    position = int(chosen) - 1
    _layer_form(key, architecture, position)
    return position


def choose_layer(key: str, position: int | None) -> None:
    """Chooses a layer's chip, for use in callbacks.

    Args:
        key: Name of the architecture's text in session state.
        position: Position of the layer, from 0; None for the input.
    """
    st.session_state[_chosen_key(key)] = INPUT if position is None else str(position + 1)


def _chosen_key(key: str) -> str:
    """Name of the chosen chip in session state and address."""
    return "layer" if key == TEXT_KEY else f"{key}-layer"


def _chips(key: str, architecture: Architecture) -> str:
    """A chip for input, every layer and latent, from left to right.

    Returns:
        The chosen one: `INPUT`, `LATENT`, or the number of a layer, from 1.
    """
    latent = len(architecture.encoder)
    wrong = [str(row.index) for row in analyze(architecture).rows if row.problem]
    names = [str(position + 1) for position in range(len(architecture.layers))]
    options = [INPUT, *names[:latent], LATENT, *names[latent:]]
    labels = {
        INPUT: f":material/image: {format_shape(architecture.input_shape)}",
        LATENT: ":material/key: latent",
        # Numbered, because Streamlit tells options by their labels and layers repeat.
        **{name: f"{name} {architecture.layers[int(name) - 1]}" for name in names},
    }
    labels |= {name: f":red[:material/error: {labels[name]}]" for name in wrong}
    # The first layer that cannot work is chosen, once: its form has what mends it. Not while
    # another layer is being changed in the form, which would vanish under the hand.
    is_news = wrong[:1] != st.session_state.get(f"{key}-wrong", [])
    st.session_state[f"{key}-wrong"] = wrong[:1]
    jumps = bool(wrong) and is_news and not was_changed_by_form(key)

    def allowed(text: str) -> str:
        if jumps:
            return wrong[0]
        return text if text in options else options[1]

    state = _chosen_key(key)
    address_text(state, options[1], allowed)
    chosen = st.pills(
        "Layers: choose one to change it",
        options,
        format_func=labels.__getitem__,
        required=True,
        wrap=True,
        default=options[1],
        key=state,
    )
    return str(chosen)  # required: there is always one


def _input_form(key: str, architecture: Architecture) -> None:
    """Height, width and channels of the input."""

    def resize() -> None:
        shape = tuple(st.session_state[f"{key}-input-{axis}"] for axis in range(3))
        change(key, lambda now: dataclasses.replace(now, input_shape=shape))

    columns = st.columns(3)
    for axis, (column, name) in enumerate(
        zip(columns, ("Height", "Width", "Channels"), strict=True)
    ):
        widget = f"{key}-input-{axis}"
        side = with_value(widget, architecture.input_shape[axis])
        column.number_input(name, 1, 4096, side, key=widget, on_change=resize)
    _insert_form(key, 0, "Add before layer 1")


def _latent_form(key: str, architecture: Architecture) -> None:
    """The slider that moves the latent, and the list that adds a layer behind it."""

    def move() -> None:
        layers_before = st.session_state[f"{key}-latent-at"]
        change(key, lambda now: move_latent(now, layers_before))

    widget = f"{key}-latent-at"
    if len(architecture.layers) > 2:
        st.slider(
            "The latent is the output of layer",
            1,
            len(architecture.layers) - 1,
            with_value(widget, len(architecture.encoder)),
            key=widget,
            on_change=move,
        )
    _insert_form(key, len(architecture.encoder), "Add at the start of the decoder", decoder=True)


def _layer_form(key: str, architecture: Architecture, position: int) -> None:
    """The chosen layer's settings, the buttons that move or remove it, the list that adds one."""
    layer = architecture.layers[position]
    st.markdown(f"**Layer {position + 1}: {layer.title}** — {_summary(layer)}")
    fields = dataclasses.fields(layer)
    words = [item for item in fields if "options" in item.metadata]
    for items in ([item for item in fields if item not in words], words):
        for column, item in zip(st.columns(len(items)) if items else (), items, strict=True):
            with column:
                _field_input(key, layer, position, item)
    left, right, remove = st.columns(3)
    last = len(architecture.layers) - 1
    left.button(
        "Move left",
        icon=":material/arrow_back:",
        disabled=position == 0,
        width="stretch",
        on_click=_move,
        args=(key, position, position - 1),
    )
    right.button(
        "Move right",
        icon=":material/arrow_forward:",
        disabled=position == last,
        width="stretch",
        on_click=_move,
        args=(key, position, position + 1),
    )
    remove.button(
        "Remove",
        icon=":material/delete:",
        width="stretch",
        on_click=change,
        args=(key, lambda now: remove_layer(now, position)),
    )
    _insert_form(key, position + 1, f"Add after layer {position + 1}")


def _field_input(key: str, layer: Layer, position: int, item: dataclasses.Field[Any]) -> None:
    """One setting of a layer: a slider or number for a size, a list for a choice, else a text."""
    # The kind is part of the key: another layer at this place has other widgets.
    widget = f"{key}-{position}-{type(layer).__name__}-{item.name}"
    value = getattr(layer, item.name)
    label = item.name.replace("_", " ").capitalize()

    def put() -> None:
        chosen = {item.name: st.session_state[widget]}
        change(
            key,
            lambda now: replace_layer(
                now, position, dataclasses.replace(now.layers[position], **chosen)
            ),
        )

    if "options" in item.metadata:
        options = item.metadata["options"]
        index = options.index(with_value(widget, value))
        st.selectbox(label, options, index, key=widget, on_change=put)
    elif isinstance(item.metadata.get("low"), float):  # a rate
        low, high = item.metadata["low"], item.metadata["high"]
        rate = with_value(widget, value)
        st.number_input(label, low, high, rate, 0.05, "%g", key=widget, on_change=put)
    elif "letter" in item.metadata:
        value = getattr(layer, "step", None) if value is None else value  # a pool's stride
        low, high = item.metadata["low"], item.metadata["high"]
        slider_high = min(SLIDER_HIGHEST.get(item.name, 0), high)
        with_value(widget, value)
        if value is None:
            st.number_input(label, low, high, None, placeholder="none", key=widget, on_change=put)
        elif low < slider_high >= value and not isinstance(layer, Reshape):
            st.slider(label, low, slider_high, value, key=widget, on_change=put)
        else:
            st.number_input(label, low, high, value, key=widget, on_change=put)
    else:
        text = with_value(widget, value)
        st.text_input(label, text, max_chars=16, key=widget, on_change=put)


def _insert_form(key: str, position: int, label: str, *, decoder: bool = False) -> None:
    """A list of kinds of layers; choosing one inserts such a layer.

    Args:
        key: Name of the architecture's text in session state.
        position: Position of the new layer, from 0.
        label: Label of the list.
        decoder: Puts the layer into the decoder where `position` is the end of the encoder.
    """
    widget = f"{key}-insert"

    def put() -> None:
        kind = st.session_state[widget]
        st.session_state[widget] = None
        if kind is not None:
            added = kind.example()
            if decoder:
                change(key, lambda now: move_latent(insert_layer(now, position, added), position))
            else:
                change(key, lambda now: insert_layer(now, position, added))
            choose_layer(key, position)

    st.selectbox(
        label,
        list(LAYER_KINDS.values()),
        index=None,
        format_func=lambda kind: f"{kind.title} ({kind.example()})",
        placeholder="Choose a kind of layer",
        key=widget,
        on_change=put,
    )


def _move(key: str, position: int, to: int) -> None:
    """Moves a layer and keeps it chosen."""
    change(key, lambda now: move_layer(now, position, to))
    choose_layer(key, to)


def _summary(layer: Layer) -> str:
    """The first line of a layer's docstring."""
    return (type(layer).__doc__ or "").splitlines()[0]
