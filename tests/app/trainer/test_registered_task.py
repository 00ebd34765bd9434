"""A task that is registered is in the trainer's form, without a line of the app."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from cae_core.training.tasks import TASKS, Task, register_task
from tests.app.finding import SMALL, press, the_job


@dataclass(frozen=True)
class Brighten(Task):
    """Dark images in, the images themselves out."""

    name: ClassVar[str] = "brighten"
    title: ClassVar[str] = "Brighten"
    summary: ClassVar[str] = "half as bright in, the image out"
    factor: float = 0.5


@pytest.fixture
def brighten():
    """The task, registered for one test."""
    yield register_task(Brighten)
    del TASKS["brighten"]


def test_a_registered_task_can_be_chosen_and_trained(brighten, trainer_page):
    page = trainer_page(arch=SMALL)
    options = page.button_group("task").options
    assert options == [task.title for task in TASKS.values()]
    assert options[-1] == "Brighten"
    assert "**Brighten**: half as bright in, the image out" in page.button_group("task").help
    page.button_group("task").set_value("brighten").run()
    press(page, "Train")
    assert the_job().request.task == brighten(0.5)
