"""The start of a training: the check that network, data and task fit, and the button."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.editing import fit_to
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.data.dataset import DatasetPreview
from cae_core.errors import CAEError, JobError
from cae_core.jobs.job import JobRequest
from cae_core.jobs.limits import memory_estimate_mb
from cae_core.training.config import TrainConfig
from cae_core.training.tasks import Task, check_fit, check_loss
from cae_ui.common.architecture_text import TEXT_KEY, change, show_remedies
from cae_ui.common.resources import available_jobs, job_queue, machine_speed
from cae_ui.common.visitor import visitor
from cae_ui.common.wording import duration, show_error
from cae_ui.trainer.data import own_images
from cae_ui.trainer.training import JOB_PARAMETER


def start_button(
    architecture: Architecture, data: DatasetPreview | None, task: Task, config: TrainConfig
) -> None:
    """The button that queues a training, with its estimates, or the reason why it is disabled."""
    fits = data is not None and _explain_fit(architecture, data, task, config.loss)
    speed = machine_speed()
    seconds = None
    if fits and data is not None:
        if speed is not None:
            seconds = speed.seconds(architecture, data.counts[0], config.epochs)
        memory = memory_estimate_mb(architecture, config)
        took = "" if seconds is None else f"About {duration(seconds)} and "
        st.caption(f"{took}{memory:,.0f} MB on this server.")
    can_start = fits and available_jobs() is not None
    pressed = st.button(
        "Train",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not can_start,
        width="stretch",
    )
    if pressed and data is not None:
        request = JobRequest(architecture, task, config, data.name, owner=visitor())
        try:
            job_id = job_queue().submit(request, own_images(), seconds=seconds)
            st.query_params[JOB_PARAMETER] = job_id
        except CAEError as error:
            show_error(error)


def explain_queue() -> None:
    """The reason why nothing can be trained here, if there is one."""
    try:
        job_queue()
    except JobError as error:
        show_error(error)


def _explain_fit(architecture: Architecture, data: DatasetPreview, task: Task, loss: str) -> bool:
    """Whether the network fits; if not, the reason and a button with the network that would."""
    try:
        check_fit(architecture, data.image_shape, task)
        check_loss(loss, task, architecture)
    except CAEError as error:
        show_error(error)
        _offer_fit(data, task)
        return False
    return True


def _offer_fit(data: DatasetPreview, task: Task) -> None:
    """Buttons that give the network the input and output that data and task need."""

    def fitted(now: Architecture) -> Architecture:
        channels = task.output_shape(data.image_shape)[2]
        return fit_to(now, task.input_shape(data.image_shape), channels, task.output_activation)

    network = fitted(st.session_state[f"{TEXT_KEY}-readable"])
    try:
        check_fit(network, data.image_shape, task)
    except CAEError:
        show_remedies(analyze(network, output_shape=task.output_shape(data.image_shape)))
        return
    st.button(
        "Fit the network to images and task",
        icon=":material/fit_screen:",
        width="stretch",
        on_click=change,
        args=(TEXT_KEY, fitted),
    )
