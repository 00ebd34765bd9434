"""Networks that a photo page offers: those of the zoo, and finished trainings of this server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from cae_core import zoo
from cae_core.jobs.job import JobStatus
from cae_core.training.runs import Run
from cae_core.training.tasks import Task
from cae_ui.common.address import is_back_or_forward, value_in_address
from cae_ui.common.resources import has_runs, job_queue, loaded_run, run_version, visible_jobs
from cae_ui.common.run_labels import distinct, run_labels
from cae_ui.common.section import section

RUN_PREFIX = "run:"


@section
def network_input(
    key: str, names: Sequence[str], *tasks: type[Task], first: Mapping[str, str] | None = None
) -> str:
    """A list of networks of the zoo and of finished trainings on this server.

    Args:
        key: Name of the choice in session state and address, which hold names and ids.
        names: The networks of the zoo; the first is the default.
        *tasks: The tasks of the trainings.
        first: Choices before all networks, with their labels; the first of these is the default.

    Returns:
        The choice, which `network` takes; another one once a training was resumed.
    """
    runs = {f"{RUN_PREFIX}{status.id}": status for status in _trained_here(tasks)}
    labels = run_labels(runs.values())
    titles = distinct(
        dict(first or {})
        | {name: zoo.card(name).title for name in names}
        | {choice: f"{labels[status.id]}, trained here" for choice, status in runs.items()}
    )
    wanted = value_in_address(key)
    if wanted in titles:
        # Every time: the browser knows a choice by its label, which another tab may have changed.
        st.session_state[key] = wanted
    elif wanted is None and is_back_or_forward():
        st.session_state[key] = next(iter(titles))
    elif wanted is None and st.session_state.get(key) not in titles:
        st.session_state.pop(key, None)  # another page's, whose choice has the same name
    elif key not in st.session_state:
        st.query_params.pop(key, None)  # the router says so

    def remember() -> None:
        st.query_params[key] = st.session_state[key]

    choice = st.selectbox(
        "Network", list(titles), format_func=titles.__getitem__, key=key, on_change=remember
    )
    if st.query_params.get(key, choice) not in titles:
        st.warning(
            "The chosen network was deleted, perhaps in another tab. Choose another.",
            icon=":material/link_off:",
        )
    return f"{choice}@{run_version(runs[choice])}" if choice in runs else choice


def _trained_here(tasks: tuple[type[Task], ...]) -> list[JobStatus]:
    """Finished trainings with one of some tasks; starts no worker where there are none."""
    return [
        status
        for status in (visible_jobs() if has_runs() else [])
        if isinstance(status.request.task, tasks) and status.run_folder is not None
    ]


def network(choice: str) -> str | Run:
    """The network of a choice as the core takes it: a name of the zoo, or a loaded run.

    Raises:
        CAEError: For a run that was deleted meanwhile, or that cannot be read.
    """
    if not choice.startswith(RUN_PREFIX):
        return choice
    job_id = choice.removeprefix(RUN_PREFIX).partition("@")[0]
    return loaded_run(job_queue().status(job_id))
