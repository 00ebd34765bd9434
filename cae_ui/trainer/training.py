"""A training on the page: its data before it starts, live while it runs, its end.

While it runs, its curve and images stay in the window beside the settings, or are brought into it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from uuid import uuid4

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.data.dataset import DatasetPreview
from cae_core.errors import JobError
from cae_core.formats import counted, format_duration
from cae_core.images.operations import image_grid
from cae_core.jobs.job import FAILED, QUEUED, STOPPED, TRAINING, JobStatus
from cae_core.training.progress import Progress
from cae_core.training.tasks import Denoise, Task
from cae_ui.common.charts import (
    TRAINING_COLOR,
    VALIDATION_COLOR,
    framed,
    loss_axis,
    show_chart,
)
from cae_ui.common.job_progress import addressed_job, show_job_progress
from cae_ui.common.pixels import show_pixels, show_samples
from cae_ui.common.resources import is_own, job_queue
from cae_ui.common.reveal import reveal
from cae_ui.common.section import section
from cae_ui.common.wording import attempt, dataset_title, plain, show_error

JOB_PARAMETER = "job"
REVEALED = "revealed-job"  # the training that was started or opened, or has ended, just now
REFRESH_SECONDS = 0.5
_TURN = "reveal-turn"  # of the training that was brought into the window last
_SHOWN = "shown-job"  # the training on the page, and whether it had ended
_PLACE = "training"
_STYLE = f"""<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-{_PLACE}) {{ position: sticky; top: 4rem; }}
</style>"""
_NO_STYLE = "<style></style>"  # in its place, so that nothing below moves


@section
def chosen_job() -> JobStatus | None:
    """The training that the address names; None where it names none of this server."""
    return addressed_job(JOB_PARAMETER, TRAINING)


@section
def show_data(data: DatasetPreview, task: Task) -> None:
    """Some validation images of a data set, with noise where the task is to remove it."""
    images = data.samples
    st.header("The data")
    show_pixels(
        image_grid(images, columns=len(images)),
        f"Validation images of {dataset_title(data.name)}",
    )
    if isinstance(task, Denoise):
        noisy = task.add_noise(images / np.float32(255), seed=0)
        show_pixels(image_grid(np.clip(noisy, 0, 1), columns=len(noisy)), task.input_caption)
    st.info(
        "Press **Train**: the losses and the network's output for these images appear here.",
        icon=":material/play_arrow:",
    )


def open_job(job_id: str) -> None:
    """Shows a training on the page; for use in a callback."""
    st.query_params[JOB_PARAMETER] = st.session_state[REVEALED] = job_id


def show_job(status: JobStatus) -> None:
    """The present state of a job; while it runs, it is refreshed without a rerun of the page."""
    st.html(_NO_STYLE if status.has_ended else _STYLE)
    with st.container(key=_PLACE):
        st.caption(describe_request(status))
        interval = None if status.has_ended else REFRESH_SECONDS
        st.fragment(_show_status, run_every=interval)(status.id, status.has_ended)
    shown = status.id, status.has_ended
    # It may have ended while this run began, which then is the first to know.
    has_changed = st.session_state.get(_SHOWN) == (status.id, not status.has_ended)
    if st.session_state.pop(REVEALED, None) == status.id or has_changed:
        st.session_state[_TURN] = shown, uuid4().hex
    st.session_state[_SHOWN] = shown
    wanted, token = st.session_state.get(_TURN, (None, ""))
    if wanted == shown:
        if status.has_ended:
            reveal(f".st-key-{_PLACE}", token=token)
        else:
            reveal(f".st-key-{_PLACE} .js-plotly-plot", block="nearest", token=token)


def describe_request(status: JobStatus) -> str:
    """Name, architecture, data, task and epochs of a job in one line."""
    request = status.request
    name = f"**{plain(status.name)}:** " if status.name else ""
    return (
        f"{name}`{request.architecture}` on {plain(dataset_title(request.dataset))}, "
        f"{request.task.label}, {counted(request.config.epochs, 'epoch')}"
    )


def _show_status(job_id: str, had_ended: bool) -> None:
    """State, losses and sample images of a job."""
    status = _refreshed(job_id, had_ended)
    if status.has_ended:
        _show_end(status)
    elif not is_own(status):  # its owner sees it beside the Stop button
        show_progress(status, _epochs_done)
    if status.progress is not None or not status.has_ended:
        # Empty at first, so that the browser has the plotting library when losses come.
        config = status.request.config
        title = status.request.task.loss_title(config.loss)
        show_chart(
            loss_figure(status.progress, config.epochs, title),
            key=f"loss-{job_id}",
        )
    try:
        samples = status.samples()
    except JobError as error:
        show_error(error)
        return
    if samples is not None:
        show_samples(samples, status.request.task.input_caption)


def _refreshed(job_id: str, had_ended: bool) -> JobStatus:
    """The present status of a job; reruns the page where it has ended or was resumed."""
    try:
        status = job_queue().status(job_id)
    except JobError:
        st.rerun(scope="app")  # another tab has deleted it: the rerun says so
    if status.has_ended != had_ended:
        st.session_state[REVEALED] = job_id
        st.rerun(scope="app")
    return status


def _show_end(status: JobStatus) -> None:
    """The end of a job, and the button that resumes it where it ended early."""
    done = len(status.progress.history) if status.progress else 0
    epochs = counted(done, "epoch")
    if status.state == FAILED:
        show_error(status.message)
    elif status.state == STOPPED:
        when = f"after {epochs}" if done else "in its first epoch"
        kept = f"Stopped {when}; the network trained so far is kept. "
        is_kept = status.run_folder is not None
        st.success(
            f"{kept if is_kept else ''}{plain(status.message)}", icon=":material/stop_circle:"
        )
    else:
        st.success(f"Finished: {epochs}. {plain(status.message)}", icon=":material/check_circle:")
    if not (status.can_resume and is_own(status)):
        return

    def resume() -> None:
        if attempt(job_queue().resume, status.id):
            st.session_state[REVEALED] = status.id

    where = "after its last whole epoch" if status.has_checkpoint else "from the beginning"
    st.button(
        "Resume",
        icon=":material/resume:",
        on_click=resume,
        help=f"The training continues {where}.",
    )


def keep_showing_progress(status: JobStatus) -> None:
    """`show_progress` of a training, refreshed without a rerun of the page."""

    def show() -> None:
        show_progress(_refreshed(status.id, had_ended=False), _epochs_done)

    st.fragment(show, run_every=REFRESH_SECONDS)()


def show_progress(status: JobStatus, describe: Callable[[Progress], str]) -> None:
    """The progress bar of a job that waits or runs, and the button that stops it.

    Args:
        status: The job.
        describe: The text of what is done; the time left is added to it.
    """
    progress = status.progress
    if status.state == QUEUED:
        before = counted(status.position, "job")
        text = f"Waiting: {before} before this one." if status.position else "Waiting: it is next."
    elif progress is not None and progress.is_testing and not status.is_preparing:
        text = "Training has ended; testing the network …"
    elif status.is_stopping:
        text = "Stopping …"
    elif progress is None or status.is_preparing:
        text = plain(status.message)
    else:
        left = format_duration(round(progress.seconds_left))
        text = f"{describe(progress)} · {left} left"

    show_job_progress(status, progress.fraction if progress else 0.0, text)


def _epochs_done(progress: Progress) -> str:
    """Epoch and speed of a training."""
    speed = f"{progress.images_per_second:,.0f} images/s"
    return f"Epoch {progress.epoch} of {progress.epochs} · {speed}"


def loss_figure(progress: Progress | None, planned_epochs: int, loss_title: str) -> go.Figure:
    """Training and validation loss against epochs, the loss on a logarithmic axis.

    The mean of an epoch stands at its middle; the validation, which comes after it, at its end.

    Args:
        progress: Losses so far; None before the first.
        planned_epochs: Right end of the horizontal axis.
        loss_title: Title of the vertical axis.
    """
    trace = progress.trace if progress else ()
    history = progress.history if progress else ()
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[at for at, _ in trace],
            y=[loss for _, loss in trace],
            name="Training, last batches",
            # A line of one point would not be seen.
            mode="lines" if len(trace) > 1 else "markers",
            line={"color": TRAINING_COLOR, "width": 1},
            opacity=0.75,
        )
    )
    for name, color, points in (
        (
            "Training, mean of the epoch",
            TRAINING_COLOR,
            [(record.epoch - 0.5, record.loss) for record in history],
        ),
        (
            "Validation, after the epoch",
            VALIDATION_COLOR,
            [(record.epoch, record.validation_loss) for record in history],
        ),
    ):
        figure.add_trace(
            go.Scatter(
                x=[at for at, _ in points],
                y=[loss for _, loss in points],
                name=name,
                mode="lines+markers",
                line={"color": color},
            )
        )
    losses = [loss for line in figure.data for loss in line.y]
    yaxis = loss_axis(loss_title, losses)
    if not trace and not history:
        yaxis |= {"range": [-3, 0], "showticklabels": False, "showgrid": False, "zeroline": False}
        middle = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
        figure.add_annotation(text="The losses come with the first batches", **middle)
    return framed(
        figure,
        height=300,
        xaxis={
            "title": "Epoch",
            "range": [0, planned_epochs * 1.02],
            "dtick": math.ceil(planned_epochs / 10),
        },
        yaxis=yaxis,
        legend_y=1.02,
        uirevision="loss",  # keeps the reader's zoom while points come in
    )
