"""The network made to fit images and task: a published one by itself, a person's own by a click."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.editing import adapted, with_latent
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import PRESETS
from cae_core.architecture.report import analyze
from cae_core.data.dataset import DatasetPreview
from cae_core.data.registry import DATASETS
from cae_core.errors import CAEError
from cae_core.training.tasks import Task, check_fit, check_loss
from cae_ui.common.architecture_text import TEXT_KEY, change, show_remedies
from cae_ui.common.section import section
from cae_ui.common.wording import show_error

_ORIGINALS = "adapted-networks"  # texts of published networks by those that were made of them
_IN_COLOUR = "photo_patches"


def followed(text: str, data: DatasetPreview | None, task: Task) -> str:
    """The text of a published network, adapted to images and task; any other as it is.

    A text that a person has typed or composed is left alone, see `explain_fit`.
    """
    originals: dict[str, str] = st.session_state.setdefault(_ORIGINALS, {})
    original = originals.get(text, text)
    if data is None or original not in {preset.text for preset in PRESETS.values()}:
        return text
    network = _fitting(Architecture.parse(original), data, task)
    if network is None:
        return text
    originals[str(network)] = original
    return str(network)


@section
def note_adapted() -> None:
    """Says so where the network on the page was adapted."""
    text = st.session_state[TEXT_KEY]
    if st.session_state[_ORIGINALS].get(text, text) != text:
        st.caption(":material/fit_screen: Input and output follow the images and the task.")


def explain_fit(architecture: Architecture, data: DatasetPreview, task: Task, loss: str) -> bool:
    """Whether the network fits; if not, the reason and a button with the network that would."""
    try:
        check_fit(architecture, data.image_shape, task)
        check_loss(loss, task, architecture)
    except CAEError as error:
        show_error(error)
        _offer_fit(data, task, loss)
        return False
    return True


def _offer_fit(data: DatasetPreview, task: Task, loss: str) -> None:
    """Buttons after which network, images and task fit each other."""
    try:
        input_shape = task.input_shape(data.image_shape)
    except CAEError:  # the images are grey
        st.button(
            f"Take {DATASETS[_IN_COLOUR].title}",
            icon=":material/palette:",
            width="stretch",
            on_click=st.session_state.update,
            kwargs={"data": _IN_COLOUR},
        )
        return
    now: Architecture = st.session_state[f"{TEXT_KEY}-readable"]
    report = analyze(now, output_shape=task.output_shape(data.image_shape))
    if now.input_shape == input_shape and report.problems:
        show_remedies(report)
        return
    network = _fitting(now, data, task, loss)
    if network is not None:
        st.button(
            "Adapt the network to images and task",
            icon=":material/fit_screen:",
            help=f"`{network}`",
            width="stretch",
            on_click=change,
            args=(TEXT_KEY, lambda _: network),
        )


def _fitting(
    network: Architecture, data: DatasetPreview, task: Task, loss: str | None = None
) -> Architecture | None:
    """A network adapted to images and task, or None where that does not help.

    Its last activation is changed only where it has to be.
    """
    for activation in (None, task.output_activation):
        try:
            shapes = task.input_shape(data.image_shape), task.output_shape(data.image_shape)
            changed = adapted(network, *shapes, activation)
            changed = with_latent(changed, normal=task.is_variational)
            check_fit(changed, data.image_shape, task)
            check_loss(loss or task.losses[0], task, changed)
        except CAEError:
            continue
        return changed
    return None
