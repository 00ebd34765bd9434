"""The sweep that the address names, live while it runs; the stored study where it names none."""

from __future__ import annotations

import contextlib
from datetime import datetime

import streamlit as st

from cae_core.errors import JobError
from cae_core.formats import counted, format_duration
from cae_core.jobs.job import FAILED, SWEEP, JobStatus
from cae_core.jobs.sweeps import Sweep
from cae_core.studies.latent_size import latent_size_answer, latent_size_trials
from cae_core.studies.plan import Plan, Planned
from cae_core.studies.sweep import read_table
from cae_core.studies.tables import LATENT_SIZE, table_path
from cae_ui.common.job_progress import addressed_job, refreshed_job, show_job_progress
from cae_ui.common.resources import (
    is_own,
    job_queue,
    run_retention,
    sweep_pool,
    visible_jobs,
)
from cae_ui.common.reveal import reveal
from cae_ui.common.run_labels import distinct
from cae_ui.common.section import section
from cae_ui.common.wording import attempt, dataset_title, plain, show_error
from cae_ui.sweep.charts import STUDY_FACTOR
from cae_ui.sweep.results import show_results

SWEEP_PARAMETER = "sweep"
REFRESH_SECONDS = 2.0
_LIST, _PLACE = "own-sweep", "sweep-place"
_REVEALED = "revealed-sweep"  # the one that was started or opened just now


@section
def chosen_sweep() -> JobStatus | None:
    """The sweep that the address names; None where it names none of this server."""
    return addressed_job(SWEEP_PARAMETER, SWEEP)


def open_sweep(job_id: str | None) -> None:
    """Shows a sweep on the page, or the stored study; for use in a callback."""
    if job_id is None:
        st.query_params.pop(SWEEP_PARAMETER, None)
    else:
        st.query_params[SWEEP_PARAMETER] = st.session_state[_REVEALED] = job_id


@section
def show_study() -> None:
    """The study of latent sizes, a sweep that was trained before."""
    results = read_table(table_path(LATENT_SIZE))
    planned = [Planned({STUDY_FACTOR: trial.group}, trial) for trial in latent_size_trials()]
    known = {result.trial: result for result in results}
    st.header(f"A sweep of {counted(len(results), 'network')} on CIFAR-10")
    st.caption(
        "Exercise 2 of the ACML homework, trained before: your own sweep appears here once you "
        "start it."
    )
    answer = latent_size_answer(tuple(results))
    said = [] if answer is None else [answer.sentence]
    show_results(Sweep(planned, results=known), LATENT_SIZE, said)


@section
def show_sweep(status: JobStatus) -> None:
    """A sweep; while it is under way, it is refreshed without a rerun of the page."""
    plan = status.request.plan
    if plan is None:
        return
    with st.container(key=_PLACE):
        st.header(plain(status.name or sweep_title(plan)))
        st.caption(plain(_common(plan)))
        interval = None if status.has_ended else REFRESH_SECONDS
        st.fragment(_show_status, run_every=interval)(status.id, status.has_ended)
    if st.session_state.pop(_REVEALED, None) == status.id:
        reveal(f".st-key-{_PLACE}")


def sweep_title(plan: Plan) -> str:
    """The factors that vary in a plan, in a few words."""
    varied = [name for name, values in plan.factors.items() if len(values) > 1]
    return " × ".join(name.replace("_", " ") for name in varied).capitalize() or "One training"


def _common(plan: Plan) -> str:
    """The settings that all trainings of a plan share, as a sentence."""
    same = [
        f"{name.replace('_', ' ')} {values[0]}"
        for name, values in plan.factors.items()
        if len(values) == 1
    ]
    images = f"{plan.images:,} images of " if plan.images else ""
    parts = [f"{images}{dataset_title(plan.dataset)}", counted(plan.epochs, "epoch"), *same]
    return f"The same in all: {', '.join(parts)}."


def _show_status(job_id: str, had_ended: bool) -> None:
    """Progress or end of a sweep, and its results so far."""
    status = refreshed_job(job_id, SWEEP, had_ended=had_ended)
    try:
        sweep = Sweep.read(status)
    except JobError as error:
        show_error(error)
        return
    if status.has_ended:
        _show_end(status, sweep)
    else:
        _show_progress(status, sweep)
    show_results(sweep, job_id)


def _show_progress(status: JobStatus, sweep: Sweep) -> None:
    """The progress bar of a sweep and the button that stops it."""
    total, done = len(sweep.planned), len(sweep.results)
    text = f"{done} of {counted(total, 'training')}"
    if status.is_stopping:
        text = "Stopping …"
    elif done:
        mean = sum(result.seconds for result in sweep.results.values()) / done
        with contextlib.suppress(JobError):  # a cluster that has ended, of which its job will tell
            left = mean * len(sweep.missing) / max(1, sweep_pool().workers())
            text += f" · about {format_duration(round(left))} left"

    show_job_progress(status, done / max(1, total), text)
    if sweep.failures:
        st.caption(f":material/error: {counted(len(sweep.failures), 'training')} failed so far.")


def _show_end(status: JobStatus, sweep: Sweep) -> None:
    """The end of a sweep, and the button that goes on with what is missing."""
    missing = counted(len(sweep.missing), "training")
    if status.state == FAILED:
        show_error(status.message)
    elif sweep.missing:
        st.info(f"{plain(status.message)} {missing} left.", icon=":material/stop_circle:")
    else:
        done = counted(len(sweep.results), "training")
        st.success(f"Finished: {done}. {plain(status.message)}", icon=":material/check_circle:")
    if not (status.can_resume and is_own(status)):
        return

    def resume() -> None:
        attempt(job_queue().resume, status.id)

    is_retry = status.state == FAILED and len(sweep.failures) == len(sweep.missing)
    st.button(
        "Try again" if is_retry else "Resume",
        icon=":material/resume:",
        on_click=resume,
        help=f"Trains the {missing} that have no result; the others stay.",
    )


def show_own_sweeps(shown: JobStatus | None) -> None:
    """The visitor's sweeps, to open and delete; nothing while there is none.

    Args:
        shown: The one on the page.
    """
    own = {status.id: status for status in visible_jobs(SWEEP) if is_own(status)}
    if not own:
        return
    st.header("My sweeps")
    st.caption(f"Each is kept {run_retention()}.")
    st.session_state[_LIST] = shown.id if shown is not None and shown.id in own else None
    # The browser knows an entry by its label: two that were alike would be one.
    labels = distinct({job_id: _label(status) for job_id, status in own.items()})
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.selectbox(
            "Sweep",
            list(own),
            format_func=labels.__getitem__,
            key=_LIST,
            on_change=lambda: open_sweep(st.session_state[_LIST]),
            placeholder="Open one",
            label_visibility="collapsed",
        )
        if shown is not None and shown.id in own:
            with st.popover("Delete", icon=":material/delete:", disabled=not shown.has_ended):
                st.markdown("Delete this sweep with its table and images, for good?")
                _delete_button(shown.id)


def _label(status: JobStatus) -> str:
    """A sweep in a list: what varies, its state, its time."""
    plan = status.request.plan
    title = status.name or (sweep_title(plan) if plan else status.id)
    started = datetime.strptime(status.id[:15], "%Y%m%d-%H%M%S")
    return f"{title}, {status.state}, {started:%Y-%m-%d %H:%M}"


def _delete_button(job_id: str) -> None:
    """A button that deletes a sweep and closes it."""

    def delete() -> None:
        if attempt(job_queue().delete, job_id):
            open_sweep(None)

    st.button("Delete for good", icon=":material/delete:", on_click=delete)
