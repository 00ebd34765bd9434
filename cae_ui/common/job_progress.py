"""A job on its page: which one the address names, and its progress."""

import streamlit as st

from cae_core.errors import JobError
from cae_core.jobs.job import JobStatus
from cae_ui.common.resources import available_jobs, is_own, job_queue, machine_speed
from cae_ui.common.wording import attempt, show_error

_SPEED_SECONDS = 2.0


def addressed_job(parameter: str, kind: str) -> JobStatus | None:
    """The job that the address names; None where it names none of this server, with the reason.

    Args:
        parameter: Name of the job's id in the address.
        kind: The kind of job, see `cae_core.jobs.job`.
    """
    job_id = st.query_params.get(parameter)
    if job_id is None or available_jobs() is None:
        return None
    try:
        return job_queue().status(job_id, kind)
    except JobError as error:
        show_error(error)
        return None


def refreshed_job(job_id: str, kind: str, *, had_ended: bool) -> JobStatus:
    """The present status of a job; reruns the page where it has ended or was resumed.

    Args:
        job_id: The job's id.
        kind: The kind of job, see `cae_core.jobs.job`.
        had_ended: Whether it had ended when the page was last run.
    """
    try:
        status = job_queue().status(job_id, kind)
    except JobError:
        st.rerun(scope="app")  # another tab has deleted it: the rerun says so
    if status.has_ended != had_ended:
        st.rerun(scope="app")
    return status


def wait_for_speed() -> None:
    """A note while it is not known how fast this machine trains; draws the page anew once it is."""
    st.fragment(_wait_for_speed, run_every=_SPEED_SECONDS)()


def _wait_for_speed() -> None:
    if machine_speed() is not None:
        st.rerun(scope="app")
    st.caption(":material/timer: How long that takes is being measured, once a day.")


def show_job_progress(status: JobStatus, fraction: float, text: str) -> None:
    """The bar of a job that waits or runs and, for who started it, the button that stops it.

    Args:
        status: The job.
        fraction: How much of it is done, from 0 to 1.
        text: What is shown over the bar.
    """

    def stop() -> None:
        attempt(job_queue().stop, status.id)

    with st.container(horizontal=True, vertical_alignment="center"):
        if is_own(status):
            st.button(
                "Stop",
                icon=":material/stop_circle:",
                key=f"stop-{status.id}",
                on_click=stop,
                disabled=status.is_stopping,
            )
        st.progress(fraction, text)
