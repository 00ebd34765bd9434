"""Ways to take an architecture along: to the trainer, as notation, as JSON, as Keras script."""

from __future__ import annotations

import streamlit as st

from cae_core import zoo
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import Report, analyze
from cae_core.data.registry import DATASETS
from cae_core.errors import CAEError
from cae_core.export.script import generate_script
from cae_core.training.tasks import Task
from cae_ui.common.address import reject, value_in_address
from cae_ui.common.architecture_text import is_readable
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import network_name
from cae_ui.common.links import TRAINED_AS, button_link, trainer_address
from cae_ui.common.wording import plain

CODE_HEIGHT = 320
# The data set of a script, by the network's input shape: nobody chooses one on this page.
_PUBLIC_DATASETS = {(32, 32, 3): "cifar10", (28, 28, 1): "mnist"}


def show_exports(report: Report) -> None:
    """The button that opens the trainer, and the architecture in three forms to copy."""
    architecture = report.architecture
    task, dataset = _training(architecture)
    with st.container(horizontal=True, vertical_alignment="center"):
        button_link(
            "pages/trainer.py",
            "Train this network",
            trainer_address(architecture, task=task, dataset=dataset),
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


def forget_training() -> None:
    """Takes along nothing any more: another network is on the page; for use in a callback."""
    st.query_params.pop(TRAINED_AS, None)


def _training(architecture: Architecture) -> tuple[Task | None, str]:
    """Task and data of the zoo's network with which the page was opened; None and "" without.

    The data are left out where the network was changed to take images of another size.
    """
    name = value_in_address(TRAINED_AS, "the task that suits the network")
    if name is None:
        return None, ""
    if name not in zoo.names():
        reject(TRAINED_AS)
        return None, ""
    card = zoo.card(name)
    info = DATASETS.get(card.dataset)
    fits = info is not None and info.image_shape[:2] == architecture.input_shape[:2]
    return card.task, card.dataset if fits else ""


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
