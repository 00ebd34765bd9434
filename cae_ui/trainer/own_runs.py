"""My runs: a visitor's own trainings, to open, rename and delete; and those that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field

import streamlit as st

from cae_core.errors import RunError
from cae_core.jobs.job import LONGEST_NAME, TRAINING, JobStatus
from cae_core.training.runs import RunSummary
from cae_ui.common.job_progress import refreshed_job
from cae_ui.common.resources import (
    damaged_jobs,
    is_own,
    job_queue,
    run_retention,
    visible_jobs,
)
from cae_ui.common.run_labels import run_labels
from cae_ui.common.section import section
from cae_ui.common.wording import attempt, plain
from cae_ui.trainer.training import JOB_PARAMETER, REFRESH_SECONDS, open_job

_LIST, _CHOSEN = "own-run", "chosen-own-run"
# A folder full of damaged runs leaves room for the rest of the page.
MOST_DAMAGED = 5


@dataclass(frozen=True)
class Runs:
    """The trainings that a visitor may see.

    Attributes:
        own: His own, the newest first.
        finished: Those with a run that can be read, by id, the newest first.
        damaged: Why his own cannot be read, by id.
    """

    own: list[JobStatus] = field(default_factory=list)
    finished: dict[str, tuple[JobStatus, RunSummary]] = field(default_factory=dict)
    damaged: dict[str, str] = field(default_factory=dict)


def all_runs() -> Runs:
    """Reads the trainings of this server; one that cannot be read keeps no other from its place."""
    runs = Runs(damaged=damaged_jobs())
    for status in visible_jobs():
        try:
            if status.run_folder is not None:
                runs.finished[status.id] = status, RunSummary.load(status.run_folder)
        except RunError as error:
            if is_own(status):
                runs.damaged[status.id] = str(error)
        else:
            if is_own(status):
                runs.own.append(status)
    return runs


@section
def show_own_runs(runs: Runs) -> None:
    """The visitor's trainings; nothing while he has none."""
    if not runs.own and not runs.damaged:
        return
    st.header("My runs")
    st.caption(
        f"Each is kept {run_retention()}, with the few validation and test images that its "
        "results show. A cookie in this browser makes them yours: without it nobody can rename or "
        "delete them."
    )
    if runs.own:
        _show_choice({status.id: status for status in runs.own})
    for job_id, reason in list(runs.damaged.items())[:MOST_DAMAGED]:
        _show_damaged(job_id, reason)
    if len(runs.damaged) > MOST_DAMAGED:
        st.caption(f"{len(runs.damaged) - MOST_DAMAGED} more cannot be read.")


def _show_choice(own: dict[str, JobStatus]) -> None:
    """The list of trainings, and what can be done with the chosen one."""
    labels = run_labels(own.values())
    opened = st.query_params.get(JOB_PARAMETER)
    chosen = st.session_state.get(_CHOSEN, opened)
    # Set every time: the browser knows a choice by its label, which a new name changes.
    st.session_state[_LIST] = chosen if chosen in own else next(iter(own))

    def remember() -> None:
        st.session_state[_CHOSEN] = st.session_state[_LIST]

    job_id = st.selectbox(
        "Run",
        list(own),
        format_func=labels.__getitem__,
        key=_LIST,
        on_change=remember,
        label_visibility="collapsed",
    )
    status = own[job_id]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Open this run",
            icon=":material/open_in_new:",
            disabled=opened == job_id,
            on_click=open_job,
            args=(job_id,),
        )
        with st.popover("Rename", icon=":material/edit:"):
            _show_rename(status)
        with st.popover("Delete", icon=":material/delete:", disabled=not status.has_ended):
            st.markdown(f"Delete {plain(labels[job_id])} with all its files, for good?")
            _delete_button("Delete for good", job_id)
        interval = None if status.has_ended else REFRESH_SECONDS
        st.fragment(_show_state, run_every=interval)(job_id, status.has_ended)


def _show_state(job_id: str, had_ended: bool) -> None:
    """What a training does at present."""
    status = refreshed_job(job_id, TRAINING, had_ended=had_ended)
    st.caption(f"{status.state}: {plain(status.message)}")


def _show_rename(status: JobStatus) -> None:
    """The field that names a training."""
    widget = f"new-name-{status.id}"

    def rename() -> None:
        attempt(job_queue().rename, status.id, st.session_state[widget])

    st.text_input(
        "New name", value=status.name, max_chars=LONGEST_NAME, key=widget, on_change=rename
    )


def _show_damaged(job_id: str, reason: str) -> None:
    """Why a training cannot be read, and a button that deletes it; no id stands for all of them."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/broken_image: {plain(reason)}")
        if job_id:
            _delete_button("Delete the damaged run", job_id)


def _delete_button(label: str, job_id: str) -> None:
    """A button that deletes a training, and closes it where it is open."""

    def delete() -> None:
        is_open = st.query_params.get(JOB_PARAMETER) == job_id
        if attempt(job_queue().delete, job_id) and is_open:
            del st.query_params[JOB_PARAMETER]

    st.button(label, icon=":material/delete:", key=f"delete-{job_id}", on_click=delete)
