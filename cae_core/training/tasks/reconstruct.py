"""The plain autoencoder's task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cae_core.training.tasks.base import Task, TaskScript, register_task


@register_task
@dataclass(frozen=True)
class Reconstruct(Task):
    """The image as input and as target: a plain autoencoder.

    Example:
        >>> Reconstruct().output_shape((32, 32, 3))
        (32, 32, 3)
    """

    name: ClassVar[str] = "reconstruct"
    title: ClassVar[str] = "Reconstruct"
    summary: ClassVar[str] = "the image in and out"

    def script(self) -> TaskScript:
        """Nothing but the defaults."""
        return TaskScript()
