"""Networks that a photo page offers: those of the zoo, and finished trainings of this server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from cae_core import zoo
from cae_core.training.runs import Run
from cae_core.training.tasks import Task
from cae_ui.common.resources import available_jobs, has_runs, trained_run

RUN_PREFIX = "run:"


def network_input(key: str, names: Sequence[str], *tasks: type[Task]) -> str:
    """A list of networks of the zoo and of finished trainings on this server.

    Args:
        key: Name of the choice in session state and address.
        names: The networks of the zoo; the first is the default.
        *tasks: The tasks of the trainings.

    Returns:
        The choice, which `network` takes.
    """
    titles = {name: zoo.card(name).title for name in names} | _trained_here(tasks)
    return st.selectbox(
        "Network", list(titles), format_func=titles.__getitem__, key=key, bind="query-params"
    )


def _trained_here(tasks: tuple[type[Task], ...]) -> dict[str, str]:
    """The titles of finished trainings by choice; starts no worker where there are none."""
    queue = available_jobs() if has_runs() else None
    if queue is None:
        return {}
    finished = [
        status
        for status in queue.jobs()
        if isinstance(status.request.task, tasks) and status.run_folder is not None
    ]
    return {
        f"{RUN_PREFIX}{status.run_folder}": (
            f"Trained here: {status.name or status.request.architecture}"
        )
        for status in finished
    }


def network(choice: str) -> str | Run:
    """The network of a choice as the core takes it: a name of the zoo, or a loaded run."""
    if not choice.startswith(RUN_PREFIX):
        return choice
    folder = Path(choice.removeprefix(RUN_PREFIX))
    return trained_run(str(folder), folder.stat().st_mtime)
