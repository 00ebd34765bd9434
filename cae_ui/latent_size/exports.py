"""Ways to take an architecture along: to the trainer, as notation, as JSON, as Keras script."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import Report, analyze
from cae_core.errors import CAEError
from cae_core.export.script import generate_script
from cae_ui.common.architecture_text import is_readable
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import network_name
from cae_ui.common.links import button_link, trainer_address
from cae_ui.common.wording import plain

CODE_HEIGHT = 320
# The data set of a script, by the network's input shape: nobody chooses one on this page.
_PUBLIC_DATASETS = {(32, 32, 3): "cifar10", (28, 28, 1): "mnist"}


def show_exports(report: Report) -> None:
    """The button that opens the trainer, and the architecture in three forms to copy."""
    architecture = report.architecture
    with st.container(horizontal=True, vertical_alignment="center"):
        button_link(
            "pages/trainer.py",
            "Train this network",
            trainer_address(architecture),
            icon=":material/model_training:",
            disabled=bool(report.problems) or not is_readable(),
        )
        # Its contents are made when it is opened: highlighting code is a large part of what a
        # browser loads, and a first visitor need not wait for it.
        popover = st.popover(
            "Copy or share", icon=":material/share:", on_change="rerun", key="copies"
        )
        if popover.open:
            with popover:
                _show_copies(architecture)


def _show_copies(architecture: Architecture) -> None:
    """The architecture as notation, JSON and Keras script."""
    notation, json_form, script = st.tabs(["Notation", "JSON", "Keras script"])
    with notation:
        st.code(str(architecture), language=None, wrap_lines=True)
        st.caption("The address of this page carries the same text: share it as a link.")
    with json_form:
        st.code(architecture.to_json(), language="json", height=CODE_HEIGHT)
    with script:
        _show_script(architecture)


def _show_script(architecture: Architecture) -> None:
    """The stand-alone Keras script, or the reason why there is none."""
    dataset = _PUBLIC_DATASETS.get(architecture.input_shape, "your own images")
    try:
        script = generate_script(architecture, dataset=dataset)
    except CAEError as error:
        st.warning(plain(error), icon=":material/warning:")
        return
    name = f"{network_name(analyze(architecture))}.py"
    show_download("Download", lambda: script, name)
    st.code(script, language="python", height=CODE_HEIGHT)
