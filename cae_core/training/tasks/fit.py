"""Whether a network and a loss suit a task."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cae_core.architecture.editing import with_latent
from cae_core.architecture.formulas import format_shape
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import Report, analyze, last_activation
from cae_core.errors import TrainingError
from cae_core.training.tasks.base import ImageShape, Task
from cae_core.training.tasks.variational import Variational


def check_fit(architecture: Architecture, image_shape: ImageShape, task: Task) -> Report:
    """Refuses an architecture whose input or output is not what the task needs.

    Args:
        architecture: The network.
        image_shape: Height, width and channels of the data set's images.
        task: The task to train it on.

    Returns:
        The report of the architecture, which has no problem then.

    Raises:
        TrainingError: Naming both shapes and the remedy.
    """
    wanted_in = task.input_shape(image_shape)
    if architecture.input_shape != wanted_in:
        raise TrainingError(
            f"The network's input must be the images' {format_shape(wanted_in)} "
            f"for the task {task.title}. Received: an architecture for "
            f"{format_shape(architecture.input_shape)}. "
            f"Begin its text with {format_shape(wanted_in)}, or choose other data."
        )
    report = analyze(architecture, output_shape=task.output_shape(image_shape))
    if report.problems:
        raise TrainingError(f"{report.problems[0]} {report.advice}")
    _check_latent(architecture, task)
    last = last_activation(architecture)
    if task.output_activation == "tanh" and last in ("relu", "sigmoid"):
        channels = task.output_shape(image_shape)[2]
        raise TrainingError(
            f"The output of the task {task.title} runs from -1 to 1. "
            f"Received: a network that ends in {last}, which is never negative. "
            f"End it with conv{channels}:tanh."
        )
    return report


def _check_latent(architecture: Architecture, task: Task) -> None:
    """Refuses a variational task without a normal distribution as latent, and others with one."""
    fitting = with_latent(architecture, normal=task.is_variational)
    if fitting == architecture:
        return
    needed = (
        "has one layer normal, at the end of the encoder"
        if task.is_variational
        else f"has no layer normal: only the task {Variational.title} draws from one"
    )
    *_, end = architecture.encoder
    choice = "" if task.is_variational else f", or choose the task {Variational.title}"
    raise TrainingError(
        f"A network for the task {task.title} {needed}. "
        f"Received: an encoder that ends in {end}. Write {fitting}{choice}."
    )


def check_loss(loss: str, task: Task, architecture: Architecture) -> None:
    """Refuses a loss that makes no sense for the task or the network's output.

    Args:
        loss: A loss of `TrainConfig`.
        task: The task to train on.
        architecture: The network.

    Raises:
        TrainingError: Naming the losses that do.
    """
    if loss not in task.losses:
        raise TrainingError(
            f"The task {task.title} has targets that only {' and '.join(task.losses)} can "
            f"measure. Received: loss={loss!r}. Choose {' or '.join(task.losses)}."
        )
    last = last_activation(architecture)
    if loss == "bce" and last != "sigmoid":
        end = architecture.layers[-1]
        settings: dict[str, Any] = {"activation": "sigmoid"}
        with_sigmoid = replace(end, **settings) if hasattr(end, "activation") else f"{end} sigmoid"
        raise TrainingError(
            "Binary cross-entropy is for outputs between 0 and 1, which a sigmoid makes. "
            f"Received: loss='bce' and a network that ends in {last or end}. "
            f"End it with {with_sigmoid}, or choose mse."
        )
