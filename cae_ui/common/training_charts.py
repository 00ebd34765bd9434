"""A training on a page: live while it runs, results when it has ended."""

from __future__ import annotations

import math

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cae_core.data.dataset import DatasetPreview
from cae_core.data.registry import DATASETS
from cae_core.errors import JobError
from cae_core.images.operations import image_grid
from cae_core.jobs.queue import FAILED, QUEUED, STOPPED, TRAINING, JobStatus
from cae_core.training.progress import Progress
from cae_core.training.tasks import Denoise, Task
from cae_ui.common.image_input import show_pixels, show_samples
from cae_ui.common.messages import plain
from cae_ui.common.resources import job_queue

JOB_PARAMETER = "job"
REFRESH_SECONDS = 0.5
TRAINING_COLOR, VALIDATION_COLOR = "#0f766e", "#f59e0b"


def chosen_job() -> JobStatus | None:
    """The job that the address names; None where it names none, or one that is not here."""
    job_id = st.query_params.get(JOB_PARAMETER)
    if job_id is None:
        return None
    try:
        return job_queue().status(job_id, TRAINING)
    except JobError as error:
        st.error(plain(error), icon=":material/error:")
        return None


def show_job(status: JobStatus) -> None:
    """A job as it stands, refreshed while it runs without running the page again."""
    st.caption(describe_request(status))
    interval = None if status.has_ended else REFRESH_SECONDS
    st.fragment(_show_status, run_every=interval)(status.id, status.has_ended)


def _show_status(job_id: str, had_ended: bool) -> None:
    """One look at a job."""
    status = job_queue().status(job_id)
    if status.has_ended != had_ended:
        # Ended just now, or resumed: the page's other parts and the refreshing change with it.
        st.rerun(scope="app")
    _show_state(status)
    if status.progress is not None or not status.has_ended:
        # Empty at first, so that the browser has the plotting library when losses come.
        st.plotly_chart(
            loss_figure(status.progress, status.request.config.epochs),
            key=f"loss-{job_id}",
            config={"displayModeBar": False},
        )
    samples = status.samples()
    if samples is not None:
        show_samples(samples, shown_caption(status.request.task))


def _show_state(status: JobStatus) -> None:
    """What is happening, how far it is, and the button that stops it."""
    progress = status.progress
    if status.has_ended:
        _show_end(status)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(progress.fraction if progress else 0.0, _progress_text(status))
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            on_click=job_queue().stop,
            args=(status.id,),
            disabled=status.is_stopping,
        )


def _show_end(status: JobStatus) -> None:
    """How a job ended, and the button that lets it go on where it ended early."""
    done = len(status.progress.history) if status.progress else 0
    if status.state == FAILED:
        st.error(plain(status.message), icon=":material/error:")
    elif status.state == STOPPED:
        kept = f"Stopped after {done} whole epochs; what was learnt is kept. "
        has_learnt = status.run_folder is not None
        st.success(f"{kept if has_learnt else ''}{status.message}", icon=":material/stop_circle:")
    else:
        st.success(f"Finished: {done} epochs. {status.message}", icon=":material/check_circle:")
    if status.can_resume:
        where = "behind its last whole epoch" if status.has_checkpoint else "from the beginning"
        st.button(
            "Resume",
            icon=":material/resume:",
            on_click=job_queue().resume,
            args=(status.id,),
            help=f"The training goes on {where}.",
        )


def _progress_text(status: JobStatus) -> str:
    """The line above the progress bar."""
    progress = status.progress
    if status.state == QUEUED:
        return f"Waiting: {status.position} before this one."
    if progress is not None and progress.is_testing:
        return "The training has ended; testing what was learnt …"
    if status.is_stopping:
        return "Stopping …"
    if progress is None:
        return status.message
    return (
        f"Epoch {progress.epoch} of {progress.epochs} · {progress.images_per_second:,.0f} images/s "
        f"· {duration(progress.seconds_left)} left"
    )


def loss_figure(progress: Progress | None, planned_epochs: int) -> go.Figure:
    """Training and validation loss against epochs, the loss on a logarithmic axis."""
    trace = progress.trace if progress else ()
    history = progress.history if progress else ()
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[at for at, _ in trace],
            y=[loss for _, loss in trace],
            name="Training, as it goes",
            # A line of one point would not be seen.
            mode="lines" if len(trace) > 1 else "markers",
            line={"color": TRAINING_COLOR, "width": 1},
            opacity=0.5,
        )
    )
    epochs = [record.epoch for record in history]
    for name, color, losses in (
        ("Training, epoch", TRAINING_COLOR, [record.loss for record in history]),
        ("Validation", VALIDATION_COLOR, [record.validation_loss for record in history]),
    ):
        figure.add_trace(
            go.Scatter(x=epochs, y=losses, name=name, mode="lines+markers", line={"color": color})
        )
    figure.update_layout(
        height=300,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={
            "title": "Epoch",
            "range": [0, planned_epochs * 1.02],
            "dtick": math.ceil(planned_epochs / 10),
        },
        yaxis={"title": "Mean squared error", "type": "log", "tickformat": "~g", "nticks": 4},
        legend={"orientation": "h", "y": 1.12},
        uirevision="loss",  # keeps the reader's zoom while points come in
    )
    return figure


def show_data(data: DatasetPreview, task: Task) -> None:
    """Some images of a data set, and what the task makes of them."""
    images = data.samples
    st.subheader("What the network will see")
    show_pixels(
        image_grid(images, columns=len(images)),
        f"Validation images of {dataset_title(data.name)}",
    )
    if isinstance(task, Denoise):
        noisy = task.add_noise(images / np.float32(255), seed=0)
        show_pixels(image_grid(np.clip(noisy, 0, 1), columns=len(noisy)), shown_caption(task))
    st.info(
        "Press **Train**: the losses, and these images as the network returns them, appear here.",
        icon=":material/play_arrow:",
    )


def shown_caption(task: Task) -> str:
    """What the network is shown, in words."""
    if isinstance(task, Denoise):
        return f"What the network is shown: noise of sigma {task.sigma_range[1] * 255:.0f} of 255"
    return "What the network is shown"


def describe_request(status: JobStatus) -> str:
    """What a job trains, in one line."""
    request = status.request
    return (
        f"`{request.architecture}` on {dataset_title(request.dataset)}, {request.task}, "
        f"{request.config.epochs} epochs"
    )


def dataset_title(name: str) -> str:
    """A data set's name for people."""
    return DATASETS[name].title if name in DATASETS else name


def duration(seconds: float) -> str:
    """A time for people."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
