"""The progress of a job on its page."""

import streamlit as st

from cae_core.jobs.job import JobStatus
from cae_ui.common.resources import is_own, job_queue
from cae_ui.common.wording import attempt


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
