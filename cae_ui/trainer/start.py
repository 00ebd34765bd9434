"""The start of a training: its button, which stops the training while one is under way."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.notation import Architecture
from cae_core.data.dataset import DatasetPreview
from cae_core.errors import CAEError, JobError
from cae_core.formats import format_bytes, format_duration
from cae_core.jobs.estimates import FIXED_SECONDS
from cae_core.jobs.job import JobRequest, JobStatus
from cae_core.jobs.limits import memory_estimate_mb
from cae_core.training.config import TrainConfig
from cae_core.training.tasks import Task
from cae_ui.common.architecture_text import is_readable
from cae_ui.common.job_progress import wait_for_speed
from cae_ui.common.resources import available_jobs, is_own, job_queue, machine_speed
from cae_ui.common.section import lasting_place, section
from cae_ui.common.visitor import visitor
from cae_ui.common.wording import show_error
from cae_ui.trainer.data import own_images
from cae_ui.trainer.fit import explain_fit
from cae_ui.trainer.own_runs import Runs
from cae_ui.trainer.training import keep_showing_progress, open_job

_BAR = "train-bar"
# At the lower edge of the window, however long the settings are.
_STYLE = """<style>
[data-testid="stLayoutWrapper"]:has(> .st-key-%s) {
  position: sticky; bottom: 0; z-index: 10; padding: 0.75rem 0; background: light-dark(%s, %s);
}
</style>"""


def start_button(
    architecture: Architecture,
    data: DatasetPreview | None,
    task: Task,
    config: TrainConfig,
    shown: JobStatus | None,
    runs: Runs,
) -> None:
    """The button that queues a training, with its estimates, or the reason why it is disabled.

    Args:
        architecture: The network.
        data: The images; None while there are none.
        task: The task.
        config: The other settings.
        shown: The training on the page: while it is under way, the button stops it.
        runs: The trainings so far, which say how long such a one takes.
    """
    fits = data is not None and explain_fit(architecture, data, task, config.loss)
    seconds = None
    if fits and data is not None:
        seconds = _seconds(architecture, data, config, runs)
        memory = format_bytes(1e6 * memory_estimate_mb(architecture, config))
        took = "" if seconds is None else f"About {format_duration(round(seconds))} and "
        st.caption(f"{took}{memory} on this server.")
        with lasting_place():
            if seconds is None and available_jobs() is not None:
                wait_for_speed()
    can_start = fits and is_readable() and available_jobs() is not None
    pages = (st.get_option(f"theme.{kind}.backgroundColor") for kind in ("light", "dark"))
    st.html(_STYLE % (_BAR, *(color or "Canvas" for color in pages)))
    with st.container(key=_BAR):
        if shown is not None and not shown.has_ended and is_own(shown):
            keep_showing_progress(shown)
            pressed = st.button(
                "Queue these settings as well",
                type="tertiary",
                icon=":material/playlist_add:",
                disabled=not can_start,
            )
        else:
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
        except CAEError as error:
            show_error(error)
            return
        open_job(job_id)
        st.rerun()


def _seconds(
    architecture: Architecture, data: DatasetPreview, config: TrainConfig, runs: Runs
) -> float | None:
    """About how long a training takes: as one's last of this network, or by the machine's speed.

    None where neither is known.
    """
    for status, run in runs.finished.values():
        if (
            is_own(status)
            and (run.architecture, run.dataset) == (architecture, data.name)
            and run.config.batch_size == config.batch_size
            and run.history
        ):
            epoch = sum(record.seconds for record in run.history) / len(run.history)
            return FIXED_SECONDS + config.epochs * epoch
    speed = machine_speed()
    if speed is None:
        return None
    return speed.seconds(architecture, data.counts[0], config.epochs)


@section
def explain_queue() -> None:
    """The reason why nothing can be trained here, if there is one."""
    try:
        job_queue()
    except JobError as error:
        show_error(error)
