"""The architecture on a page as one text in session state and address: its field, its presets.

The text is the single source of truth. Form widgets change it through callbacks, which run before
the page does, so that text, form and table never disagree. A text that cannot be read leaves the
last readable architecture on the page. Every version can be undone, and is a step for the
browser's Back.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cae_core.architecture.glossary import glossary
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import HOMEWORK, PRESETS, Preset, get_preset
from cae_core.architecture.report import Report
from cae_core.errors import ArchitectureError
from cae_core.formats import counted
from cae_ui.common.address import address_text
from cae_ui.common.section import section
from cae_ui.common.text_history import TextHistory
from cae_ui.common.wording import dataset_title, plain, show_error, source_links

TEXT_KEY = "arch"  # also the query parameter


@section
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
    text = address_text(key, default, adapt)
    st.text_area(
        label,
        key=key,
        height="content",
        help="Layers from left to right; `|` ends the encoder. `conv16k5s2` is a convolution "
        "with 16 channels, kernel 5 and stride 2.",
    )
    _show_history(key, text)
    readable = f"{key}-readable"
    try:
        architecture = Architecture.parse(text)
    except ArchitectureError as error:
        show_error(error)
        if readable not in st.session_state:
            st.session_state[readable] = Architecture.parse(default)
        else:
            st.caption("Below is the last architecture that could be read.")
        return st.session_state[readable]
    st.session_state[readable] = architecture
    return architecture


def is_readable(key: str = TEXT_KEY) -> bool:
    """Whether the text on the page is that of the architecture which the page shows."""
    try:
        Architecture.parse(st.session_state[key])
    except ArchitectureError:
        return False
    return True


def _show_history(key: str, text: str) -> None:
    """Buttons that lead to the text before, the one after, and the one the visit began with."""
    history: TextHistory = st.session_state.setdefault(f"{key}-history", TextHistory(text))
    history.visit(text)
    steps = (
        ("Undo", "undo", history.before, "The text before the last change"),
        ("Redo", "redo", history.after, "The text before Undo"),
        ("Reset", "restart_alt", history.first, "The network that this visit began with"),
    )
    with st.container(horizontal=True, gap="small"):
        for label, icon, goal, meaning in steps:
            st.button(
                label,
                key=f"{key}-{label.lower()}",
                icon=f":material/{icon}:",
                type="tertiary",
                help=meaning,
                disabled=goal is None or goal == text,
                on_click=st.session_state.__setitem__,
                args=(key, goal),
            )
        # Its contents are made when it is opened: a first visitor need not wait for the table.
        notation = st.popover(
            "Notation",
            icon=":material/help:",
            type="tertiary",
            on_change="rerun",
            key=f"{key}-help",
        )
        if notation.open:
            with notation:
                _show_notation()


def _show_notation() -> None:
    """Every kind of layer, as the text names it."""
    st.markdown(
        "Layers from left to right; `|` ends the encoder. What a token leaves out has its default: "
        "kernel 3, stride 1, padding same (pooling: valid), ReLU. The text may begin with the "
        "input, `28x28x1`, if that is not 32x32x3."
    )
    lines = [
        f"| `{entry.token}` | {entry.title} | {plain('; '.join(entry.settings))} |"
        for entry in glossary()
    ]
    st.markdown("\n".join(["| Token | Layer | Settings |", "|---|---|---|", *lines]))


@section
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
        placeholder=f"One of {len(PRESETS)}, most of them from four sources",
        help=f"Networks of {source_links()}, and a few of our own.",
        key=f"{key}-preset",
        on_change=choose,
    )
    preset_id = st.session_state[f"{key}-preset"]
    if preset_id is not None:
        preset = get_preset(preset_id)
        trained = f"{counted(preset.epochs, 'epoch')} on {dataset_title(preset.dataset)}"
        noise = f", noise of sigma {preset.sigma:g}" if preset.sigma else ""
        noise += f", variational with beta {preset.beta:g}" if preset.beta else ""
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
    st.session_state[f"{key}-by-form"] = True


def was_changed_by_form(key: str) -> bool:
    """Whether `change` was what led to this run; says so once."""
    return bool(st.session_state.pop(f"{key}-by-form", False))


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
