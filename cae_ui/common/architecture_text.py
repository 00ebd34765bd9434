"""The architecture on a page as one text in session state and address: its field, its presets.

The text is the single source of truth. Form widgets change it through callbacks, which run before
the page does, so that text, form and table never disagree. A text that cannot be read leaves the
last readable architecture on the page.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import HOMEWORK, PRESETS, Preset, get_preset
from cae_core.architecture.report import Report
from cae_core.errors import ArchitectureError
from cae_core.formats import counted
from cae_ui.common.wording import dataset_title, plain, show_error, source_links

TEXT_KEY = "arch"  # also the query parameter


def architecture_input(
    key: str = TEXT_KEY,
    *,
    label: str = "Architecture",
    default: str | None = None,
    adapt: Callable[[str], str] | None = None,
) -> Architecture:
    """The text field of an architecture, with the error under it.

    Args:
        key: Name of the text in session state and address.
        label: Label of the field.
        default: Text at the first visit; that of the homework network by default.
        adapt: Changes the text before it is shown.

    Returns:
        The architecture of the text, or the last readable one where the text is not valid.
    """
    if default is None:
        default = get_preset(HOMEWORK).text
    if adapt is not None:
        shown = st.session_state.get(key) or st.query_params.get(key) or default
        if (adapted := adapt(shown)) != shown:
            st.session_state[key] = adapted
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
        show_error(error)
        if readable not in st.session_state:
            st.session_state[readable] = Architecture.parse(default)
        else:
            st.caption("Below is the last architecture that could be read.")
        return st.session_state[readable]
    st.session_state[readable] = architecture
    return architecture


def preset_input(key: str = TEXT_KEY, *, on_choose: Callable[[Preset], None] | None = None) -> None:
    """A list of published networks; choosing one writes it into the text field.

    Args:
        key: Name of the text in session state.
        on_choose: Called with the chosen preset before the page runs.
    """

    def choose() -> None:
        preset_id = st.session_state[f"{key}-preset"]
        if preset_id is not None:
            st.session_state[key] = get_preset(preset_id).text
            if on_choose is not None:
                on_choose(get_preset(preset_id))

    st.selectbox(
        "Start from a published network",
        list(PRESETS),
        index=None,
        format_func=lambda preset_id: f"{PRESETS[preset_id].title} ({preset_id})",
        placeholder=f"One of {len(PRESETS)} from four sources",
        help=f"Networks of {source_links()}.",
        key=f"{key}-preset",
        on_change=choose,
    )
    preset_id = st.session_state[f"{key}-preset"]
    if preset_id is not None:
        preset = get_preset(preset_id)
        trained = f"{counted(preset.epochs, 'epoch')} on {dataset_title(preset.dataset)}"
        noise = f", noise of sigma {preset.sigma:g}" if preset.sigma else ""
        st.caption(f"{preset.source.link}: {trained}{noise}. {preset.remark}")


def change(key: str, edit: Callable[[Architecture], Architecture]) -> None:
    """Applies an edit to the architecture on the page; for use in widget callbacks.

    An edit that the architecture refuses changes nothing; its message is kept for
    `show_refusal`.
    """
    try:
        edited = edit(st.session_state[f"{key}-readable"])
    except ArchitectureError as error:
        st.session_state[f"{key}-refused"] = str(error)
        return
    st.session_state[key] = str(edited)
    # Two quick edits may come before the page runs: the second one builds on the first.
    st.session_state[f"{key}-readable"] = edited


def show_problems(report: Report, key: str = TEXT_KEY) -> None:
    """The reasons why a network cannot be built, and `show_remedies`."""
    for problem in report.problems:
        show_error(problem)
    show_remedies(report, key)


def show_remedies(report: Report, key: str = TEXT_KEY) -> None:
    """Buttons that make the smallest changes after which the network works.

    Args:
        report: The report of the architecture under `key`.
        key: Name of the architecture's text in session state.
    """
    if not report.problems:
        return
    if not report.remedies:
        st.caption(plain(report.advice))
    for number, remedy in enumerate(report.remedies):
        st.button(
            plain(remedy.change),
            key=f"{key}-remedy-{number}",
            icon=":material/build:",
            help=f"`{remedy.architecture}`",
            on_click=_put,
            args=(key, remedy.architecture),
        )


def _put(key: str, architecture: Architecture) -> None:
    """Writes an architecture into the text; for use in widget callbacks."""
    change(key, lambda _: architecture)


def show_refusal(key: str) -> None:
    """Shows once why the last edit was refused."""
    refused = st.session_state.pop(f"{key}-refused", None)
    if refused:
        st.warning(plain(refused), icon=":material/block:")
