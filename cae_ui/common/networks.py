"""Networks that a page can use: names of the zoo, and the visitor's own finished trainings."""

from __future__ import annotations

from pathlib import Path

from cae_core.training.runs import Run
from cae_core.training.tasks import Task
from cae_ui.common.resources import job_queue, runs_folder, trained_run

RUN_PREFIX = "run:"


def trained_here(*tasks: type[Task]) -> dict[str, str]:
    """Title of every finished training for one of some tasks, by what `network` takes.

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
    """What the core takes for a choice: a name of the zoo as it is, or the run, loaded."""
    if not choice.startswith(RUN_PREFIX):
        return choice
    folder = Path(choice.removeprefix(RUN_PREFIX))
    return trained_run(str(folder), folder.stat().st_mtime)
