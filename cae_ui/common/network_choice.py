"""Networks that a photo page offers: those of the zoo, and finished trainings of this server."""

from __future__ import annotations

from pathlib import Path

from cae_core.training.runs import Run
from cae_core.training.tasks import Task
from cae_ui.common.resources import job_queue, runs_folder, trained_run

RUN_PREFIX = "run:"


def trained_here(*tasks: type[Task]) -> dict[str, str]:
    """The finished trainings for some tasks: their titles by choice (the argument of `network`).

    The worker is not started where there are none.
    """
    if not runs_folder().exists():
        return {}
    finished = [
        status
        for status in job_queue().jobs()
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
