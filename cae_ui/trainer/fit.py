"""The network made to fit images and task: a published one by itself, a person's own by a click."""

from __future__ import annotations

import itertools

import streamlit as st

from cae_core.architecture.editing import adapted, with_latent
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import PRESETS, Preset
from cae_core.architecture.report import analyze
from cae_core.data.dataset import DatasetPreview
from cae_core.data.registry import DATASETS
from cae_core.errors import ArchitectureError, CAEError
from cae_core.training.tasks import TASKS, Task, check_fit, check_loss
from cae_ui.common.address import arriving_text
from cae_ui.common.architecture_text import TEXT_KEY, change, show_remedies
from cae_ui.common.section import section
from cae_ui.common.wording import show_error

_ORIGINALS = "adapted-networks"  # texts of published networks by those that were made of them
_AS_PUBLISHED = "networks-as-published"  # texts that are not to be adapted
_IN_COLOUR = "photo_patches"


def choose_what_suits() -> None:
    """Where the page is opened with a network, chooses a task and images that suit it.

    What the address names stays, and so does all where nothing suits the network.
    """
    text = arriving_text(TEXT_KEY)
    try:
        network = None if text is None else Architecture.parse(text)
    except ArchitectureError:  # the page says so
        return
    if network is None:
        return
    tasks = _choices("task", {name: kind.title for name, kind in TASKS.items()})
    datasets = _choices("data", {name: info.title for name, info in DATASETS.items()})
    for task, dataset in itertools.product(tasks, datasets):
        try:
            check_fit(network, DATASETS[dataset].image_shape, TASKS[task]())
        except CAEError:
            continue
        for key, value, first in (("task", task, tasks[0]), ("data", dataset, datasets[0])):
            if value != first:
                st.session_state[key] = value
        return


def _choices(key: str, titles: dict[str, str]) -> list[str]:
    """The values of a choice that may be taken, the present one first: that of an address alone."""
    asked_for = st.query_params.get(key)
    named = [name for name, title in titles.items() if asked_for in (name, title)]
    if named:
        return named
    now = st.session_state.get(key, next(iter(titles)))
    # One's own images stay, whatever the network.
    return sorted(titles, key=now.__ne__) if now in titles else []


def followed(text: str, data: DatasetPreview | None, task: Task) -> str:
    """The text of a published network, adapted to images and task; any other as it is.

    A text that a person has typed or composed is left alone, see `explain_fit`.
    """
    originals: dict[str, str] = st.session_state.setdefault(_ORIGINALS, {})
    original = originals.get(text, text)
    published = {preset.text for preset in PRESETS.values()}
    if data is None or original not in published - _kept_as_published():
        return text
    network = _fitting(Architecture.parse(original), data, task)
    if network is None:
        return text
    originals[str(network)] = original
    return str(network)


@section
def note_adapted() -> None:
    """Says so where the network on the page was adapted, and offers it as it was."""
    text = st.session_state[TEXT_KEY]
    original = st.session_state[_ORIGINALS].get(text, text)
    if original == text:
        return

    def take_original() -> None:
        _kept_as_published().add(original)
        st.session_state[TEXT_KEY] = original

    st.caption(":material/fit_screen: Input and output follow the images and the task.")
    st.button(
        "Take the network as published",
        icon=":material/undo:",
        type="tertiary",
        help=f"`{original}`",
        on_click=take_original,
    )


def adapt_again(preset: Preset) -> None:
    """Lets a published network that was chosen anew follow images and task."""
    _kept_as_published().discard(preset.text)


def _kept_as_published() -> set[str]:
    """Texts of networks that the visitor took as they were published."""
    kept: set[str] = st.session_state.setdefault(_AS_PUBLISHED, set())
    return kept


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
