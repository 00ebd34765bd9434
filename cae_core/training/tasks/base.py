"""The base of all tasks, their registry, and tasks as plain data.

Importing this module does not import Keras.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

from cae_core.architecture.layers.base import shown
from cae_core.errors import RecordError, TrainingError
from cae_core.records import checked
from cae_core.training.config import LOSS_TITLES, LOSSES

ImageShape = tuple[int, int, int]
"""Height, width and channels."""


@dataclass(frozen=True)
class TaskScript:
    """A task as Python expressions, from which the generated script is made.

    The functions of the task's module that they call are copied into the script, with all that
    those need. `keras`, `ops`, `np` and the constants are there.

    Attributes:
        input: The network's input, from float32 `images`; random where it mentions `seed`.
        target: The desired output, from `images`.
        image: The image in [0, 1] that `output` stands for, given the true `images`.
        constants: Assignments for the head of the script, where the reader changes settings.
        prepare: A call that sets up `autoencoder` before it is trained; empty where there is none.
    """

    input: str = "images"
    target: str = "images"
    image: str = "ops.clip(output, 0.0, 1.0)"
    constants: str = ""
    prepare: str = ""


@dataclass(frozen=True)
class Setting:
    """A number that belongs to a task: the app shows a slider, the command line takes an option.

    Attributes:
        title: The slider's label.
        low: The smallest value.
        high: The largest value.
        step: Step of the slider.
        help: What it is, in a sentence without a full stop.
    """

    title: str
    low: float
    high: float
    step: float
    help: str


def setting(default: float, **attributes: Any) -> Any:
    """A field of a task with the attributes of a `Setting`."""
    return field(default=default, metadata={"setting": Setting(**attributes)})


def settings_of(kind: type[Task]) -> dict[str, Setting]:
    """The settings of a kind of task, by the names of its fields.

    Example:
        >>> from cae_core.training.tasks import Inpaint
        >>> settings_of(Inpaint)["hidden"].title
        'Hidden share'
    """
    found = {item.name: item.metadata.get("setting") for item in fields(kind)}
    return {name: value for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Task:
    """Base of all tasks: by default input and target are the image itself.

    Attributes:
        name: The name in settings, saved runs and on the command line.
        title: The name in the app.
        summary: Input and output in a few words, for the command line's help.
        needs_color: True where the images must have three channels.
        losses: Names of the losses that can be minimised.
        output_activation: An activation that ends a network for this task: its range is that of
            the targets.
        is_variational: True where the encoder must end in a layer ``normal``; for all other tasks
            a network has none.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    needs_color: ClassVar[bool] = False
    losses: ClassVar[tuple[str, ...]] = LOSSES
    output_activation: ClassVar[str] = "sigmoid"
    is_variational: ClassVar[bool] = False

    def __post_init__(self) -> None:
        for name, allowed in settings_of(type(self)).items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or not allowed.low <= value <= allowed.high:
                raise TrainingError(
                    f"The {allowed.title.lower()} is from {allowed.low:g} to {allowed.high:g}. "
                    f"Received: {name}={value!r}. Choose one in that range."
                )

    @property
    def label(self) -> str:
        """The name in the app with the settings.

        Example:
            >>> from cae_core.training.tasks import Inpaint, Reconstruct
            >>> Inpaint(hidden=0.5).label, Reconstruct().label
            ('Hidden squares, hidden 0.5', 'Reconstruct')
        """
        settings = [f"{name} {getattr(self, name):g}" for name in settings_of(type(self))]
        return ", ".join([self.title, *settings])

    @property
    def input_caption(self) -> str:
        """Caption of an image that is the network's input."""
        return "Input of the network"

    @property
    def short_caption(self) -> str:
        """The damage of the input in few words, which have room on a telephone's image."""
        return self.title

    @property
    def sigma_range(self) -> tuple[float, float] | None:
        """Lowest and highest standard deviation of the noise; None without noise."""
        return None

    def input_shape(self, image_shape: ImageShape) -> ImageShape:
        """Shape of the network's input for images of a shape."""
        return image_shape

    def output_shape(self, image_shape: ImageShape) -> ImageShape:
        """Shape of the network's output for images of a shape."""
        return image_shape

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The network's input.

        Args:
            images: float32 (B, H, W, C) in [0, 1].
            seed: An integer or a `keras.random.SeedGenerator`, for tasks with noise.
        """
        return images

    def target(self, images: Any) -> Any:
        """The desired output for images (B, H, W, C)."""
        return images

    def image(self, output: Any, images: Any) -> Any:
        """The images in [0, 1] that outputs stand for, given the true images."""
        from keras import ops

        return ops.clip(output, 0.0, 1.0)

    def prepare(self, network: Any) -> None:
        """Sets up a network before it is trained; most tasks have nothing to do.

        Args:
            network: The Keras model of an architecture that `check_fit` accepts.
        """

    def loss_title(self, loss: str) -> str:
        """The title of an axis for the quantity that is minimised.

        Args:
            loss: A loss of `TrainConfig`.

        Example:
            >>> from cae_core.training.tasks import Reconstruct, Variational
            >>> Reconstruct().loss_title("mse"), Variational(beta=0.5).loss_title("mse")
            ('Mean squared error', 'Mean squared error + 0.5 × KL per number')
        """
        return LOSS_TITLES[loss]

    def script(self) -> TaskScript:
        """The task as Python expressions, for the generated script."""
        raise NotImplementedError  # every task has its own; this base is none

    def __str__(self) -> str:
        settings = [f"{name} {getattr(self, name):g}" for name in settings_of(type(self))]
        return " ".join([self.name, *settings])


# Every task by its name, in the order in which the app lists them.
TASKS: dict[str, type[Task]] = {}
Kind = TypeVar("Kind", bound=type[Task])


def register_task(kind: Kind) -> Kind:
    """Adds a task to the form, the command line, the settings and the generated script.

    Raises:
        ValueError: Where the name is taken.
    """
    if kind.name in TASKS:
        raise ValueError(f"A task has a name of its own. Received: {kind.name!r}.")
    TASKS[kind.name] = kind
    return kind


def task_to_dict(task: Task) -> dict[str, Any]:
    """A task as plain data.

    Example:
        >>> from cae_core.training.tasks import Denoise
        >>> task_to_dict(Denoise(0.3))
        {'task': 'denoise', 'sigma': 0.3, 'clip': False}
    """
    return {"task": task.name, **vars(task)}


def task_from_dict(data: dict[str, Any]) -> Task:
    """A task from plain data; the inverse of `task_to_dict`.

    Raises:
        TrainingError: For an unknown task or setting.
    """
    kind = TASKS.get(str(data.get("task"))) if isinstance(data, dict) else None
    known = {item.name for item in fields(kind)} if kind else set()
    if kind is None or not set(data) <= known | {"task"}:
        raise TrainingError(
            f"A task is one of {', '.join(TASKS)} with its own settings. Received: {shown(data)}. "
            "Correct its name or leave the unknown setting out."
        )
    settings = {key: value for key, value in data.items() if key != "task"}
    try:
        return checked(kind, settings)
    except RecordError as error:
        raise TrainingError(
            f"A task's settings are those of {kind.__name__}. Received: one that {error}. "
            "Correct it, or leave it out."
        ) from error
