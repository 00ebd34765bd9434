"""The architecture on a page: one text in session state and URL, whatever edits it.

The text is the truth. Form widgets change it through callbacks, which run before the page
does, so that text, form and table never disagree. A text that cannot be read leaves the last
readable architecture on screen.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import HOMEWORK, PRESETS, Preset, get_preset
from cae_core.errors import ArchitectureError
from cae_ui.common.messages import plain

TEXT_KEY = "arch"  # also the query parameter


def architecture_input(
    key: str = TEXT_KEY, *, label: str = "Architecture", default: str | None = None
) -> Architecture:
    """A text field for an architecture, with the error under it.

    Args:
        key: Name of the text in session state and URL.
        label: What stands above the field.
        default: The text at the first visit; the homework network's if not given.

    Returns:
        What the text says, or the last readable architecture where it says nothing valid.
    """
    if default is None:
        default = get_preset(HOMEWORK).text
    text = st.text_area(
        label,
        value=default,
        key=key,
        height="content",
        bind="query-params",
        help="Layers from left to right; `|` ends the encoder. `conv16k5s2` is a convolution "
        "with 16 channels, kernel 5 and stride 2.",
    )
    readable = f"{key}-readable"
    try:
        architecture = Architecture.parse(text or "")
    except ArchitectureError as error:
        st.error(plain(error), icon=":material/error:")
        if readable not in st.session_state:
            st.session_state[readable] = Architecture.parse(default)
        else:
            st.caption("Below is the last architecture that could be read.")
        return st.session_state[readable]
    st.session_state[readable] = architecture
    return architecture


def preset_input(key: str = TEXT_KEY, *, on_choose: Callable[[Preset], None] | None = None) -> None:
    """A list of the sources' networks; choosing one writes it into the text field.

    Args:
        key: Where the text is in session state.
        on_choose: Called with the chosen network before the page runs.
    """

    def choose() -> None:
        preset_id = st.session_state[f"{key}-preset"]
        if preset_id is not None:
            st.session_state[key] = get_preset(preset_id).text
            if on_choose is not None:
                on_choose(get_preset(preset_id))

    st.selectbox(
        "Start from a network of the sources",
        list(PRESETS),
        index=None,
        format_func=lambda preset_id: f"{PRESETS[preset_id].title} ({preset_id})",
        placeholder="Choose one of the networks people have published",
        key=f"{key}-preset",
        on_change=choose,
    )
    preset_id = st.session_state[f"{key}-preset"]
    if preset_id is not None:
        preset = get_preset(preset_id)
        trained = f"{preset.epochs} epochs on {preset.dataset}"
        noise = f", noise sigma {preset.sigma:g}" if preset.sigma else ""
        st.caption(f"{preset.source.link}. {trained}{noise}. {preset.remark}")


def change(key: str, edit: Callable[[Architecture], Architecture]) -> None:
    """Applies an edit to the architecture on screen; for use in widget callbacks.

    An edit that cannot be is kept as a message and shown on the next run, nothing else
    changes.
    """
    try:
        edited = edit(st.session_state[f"{key}-readable"])
    except ArchitectureError as error:
        st.session_state[f"{key}-refused"] = str(error)
        return
    st.session_state[key] = str(edited)
    # Two quick edits may come before the page runs: the second one builds on the first.
    st.session_state[f"{key}-readable"] = edited


def show_refusal(key: str) -> None:
    """Says once why the last edit was refused."""
    refused = st.session_state.pop(f"{key}-refused", None)
    if refused:
        st.warning(plain(refused), icon=":material/block:")
