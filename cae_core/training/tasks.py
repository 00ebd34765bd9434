"""Tasks: how the network's input is made from an image, and which output it shall have.

A task is one class:

    @register_task
    @dataclass(frozen=True)
    class Darken(Task):
        # a docstring
        name: ClassVar[str] = "darken"
        title: ClassVar[str] = "Darken"
        summary: ClassVar[str] = "half as bright in, the image out"

        def corrupt(self, images: Any, seed: Any) -> Any:
            return images / 2

        def script(self) -> TaskScript:
            return TaskScript(input="images / 2")

The form in the app, the command line, saved runs and the generated script are all read off the
registered class. Images are float32 (B, H, W, C) in [0, 1]; the methods are written with
`keras.ops`, so that they run inside the training graph. Importing this module does not import
Keras.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.layers.base import shown
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import Report, analyze, last_activation
from cae_core.errors import RecordError, TrainingError
from cae_core.records import checked
from cae_core.training.config import LOSSES

LUMA = (0.299, 0.587, 0.114)  # Rec. 601
AB_SCALE = 110.0  # a* and b* of sRGB colours lie between -108 and 99

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
    """

    input: str = "images"
    target: str = "images"
    image: str = "ops.clip(output, 0.0, 1.0)"
    constants: str = ""


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
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    needs_color: ClassVar[bool] = False
    losses: ClassVar[tuple[str, ...]] = LOSSES
    output_activation: ClassVar[str] = "sigmoid"

    @property
    def input_caption(self) -> str:
        """Caption of an image that is the network's input."""
        return "Input of the network"

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

    def script(self) -> TaskScript:
        """The task as Python expressions, for the generated script."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.name


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


@register_task
@dataclass(frozen=True)
class Denoise(Task):
    """The image with Gaussian noise as input, the clean image as target.

    Args:
        sigma: Standard deviation of the noise in [0, 1] units (25 of 255 is 0.098), from 0
            to 1; or a pair (low, high) from which one is drawn per image.
        clip: True cuts the noisy image to [0, 1]. Published figures are without clipping.

    Raises:
        TrainingError: For a sigma outside 0 to 1, or a pair in the wrong order.

    Example:
        >>> Denoise(sigma=0.3)
        Denoise(sigma=0.3, clip=False)
    """

    name: ClassVar[str] = "denoise"
    title: ClassVar[str] = "Remove noise"
    summary: ClassVar[str] = "noise in, the clean image out"
    sigma: float | tuple[float, float] = 0.1
    clip: bool = False

    def __post_init__(self) -> None:
        try:
            low, high = self.sigma_range
        except (TypeError, ValueError):  # not a number, or not two of them
            low = high = math.nan
        if not (math.isfinite(low) and math.isfinite(high) and 0 <= low <= high <= 1):
            raise TrainingError(
                "Sigma is a standard deviation from 0 to 1 for images in [0, 1], or a pair "
                f"(low, high). Received: sigma={self.sigma!r}. "
                "Divide a value in 0-255 units by 255."
            )

    @property
    def input_caption(self) -> str:
        """Caption with the noise in 0-255 units."""
        low, high = (round(255 * sigma) for sigma in self.sigma_range)
        sigma = f"{low}" if low == high else f"{low} to {high}"
        return f"With noise of sigma {sigma} of 255"

    @property
    def sigma_range(self) -> tuple[float, float]:
        """Lowest and highest sigma; equal where it is fixed."""
        if isinstance(self.sigma, tuple | list):
            low, high = self.sigma
            return float(low), float(high)
        return float(self.sigma), float(self.sigma)

    @property
    def _fixed_or_range(self) -> float | tuple[float, float]:
        """The sigma as `noisy` takes it."""
        low, high = self.sigma_range
        return low if low == high else (low, high)

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The images with noise."""
        return noisy(images, self._fixed_or_range, seed, self.clip)

    def add_noise(self, image: np.ndarray, *, seed: int) -> np.ndarray:
        """Adds the noise to one array, with NumPy, at the largest sigma.

        Args:
            image: float32 in [0, 1], any shape.
            seed: Seed of the noise.

        Returns:
            float32 of the same shape; outside [0, 1] in places unless `clip` is set.

        Example:
            >>> float(Denoise(sigma=0.0).add_noise(np.ones(1, np.float32), seed=0)[0])
            1.0
        """
        noise = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32)
        noisy = image + np.float32(self.sigma_range[1]) * noise
        return np.clip(noisy, 0.0, 1.0) if self.clip else noisy

    def script(self) -> TaskScript:
        """`noisy`, its sigma a constant."""
        sigma = self._fixed_or_range
        lowest = "lowest and highest " if isinstance(sigma, tuple) else ""
        return TaskScript(
            input=f"noisy(images, SIGMA, seed{', clip=True' if self.clip else ''})",
            constants=f"SIGMA = {sigma}  # {lowest}standard deviation of the noise, for images in "
            "[0, 1]",
        )

    def __str__(self) -> str:
        low, high = self.sigma_range
        sigma = f"{low:.3g}" if low == high else f"{low:.3g}-{high:.3g}"
        return f"{self.name} sigma {sigma}{' clipped' if self.clip else ''}"


@dataclass(frozen=True)
class _Colorize(Task):
    """A task whose input is one channel of a colour image."""

    needs_color: ClassVar[bool] = True

    @property
    def input_caption(self) -> str:
        """Caption of a grey image."""
        return "In grey"

    def input_shape(self, image_shape: ImageShape) -> ImageShape:
        """One channel; the images must have three."""
        height, width, channels = image_shape
        if channels != 3:
            raise TrainingError(
                "Colorization learns from colour images. "
                f"Received: images of {format_shape(image_shape)}. Choose a data set in colour."
            )
        return height, width, 1


@register_task
@dataclass(frozen=True)
class ColorizeRGB(_Colorize):
    """The grey image as input, the colour image as target.

    Grey is Rec. 601 luma of the sRGB values, what most programs mean by greyscale.

    Example:
        >>> ColorizeRGB().input_shape((32, 32, 3)), ColorizeRGB().output_shape((32, 32, 3))
        ((32, 32, 1), (32, 32, 3))
    """

    name: ClassVar[str] = "colorize_rgb"
    title: ClassVar[str] = "Grey to RGB"
    summary: ClassVar[str] = "grey in, colour out"

    def corrupt(self, images: Any, seed: Any) -> Any:
        """Luma: (B, H, W, 3) -> (B, H, W, 1)."""
        return luma(images)

    def script(self) -> TaskScript:
        """`luma`."""
        return TaskScript(input="luma(images)")


@register_task
@dataclass(frozen=True)
class ColorizeChroma(_Colorize):
    """The lightness as input, the (a*, b*) channels as target; the known lightness is kept.

    Lightness and (a*, b*) are those of CIE L*a*b*: the input is L*/100, the target (a*, b*) over
    `AB_SCALE`, and the image is the output merged with the true L*.

    Example:
        >>> ColorizeChroma().output_shape((32, 32, 3))
        (32, 32, 2)
    """

    name: ClassVar[str] = "colorize_chroma"
    title: ClassVar[str] = "Lightness to colour"
    summary: ClassVar[str] = "lightness in, the (a*, b*) channels out"
    losses: ClassVar[tuple[str, ...]] = ("mse", "mae")  # bce and ssim are for numbers in [0, 1]
    output_activation: ClassVar[str] = "tanh"

    def output_shape(self, image_shape: ImageShape) -> ImageShape:
        """Two channels, a* and b*."""
        height, width, _ = self.input_shape(image_shape)
        return height, width, 2

    def corrupt(self, images: Any, seed: Any) -> Any:
        """Lightness in [0, 1]: (B, H, W, 3) -> (B, H, W, 1)."""
        return lightness(images)

    def target(self, images: Any) -> Any:
        """(a*, b*) in [-1, 1]: (B, H, W, 3) -> (B, H, W, 2)."""
        return scaled_ab(images)

    def image(self, output: Any, images: Any) -> Any:
        """The true lightness with the output's (a*, b*), cut to [0, 1] in sRGB."""
        return colorized(output, images)

    def script(self) -> TaskScript:
        """`lightness`, `scaled_ab` and `colorized`."""
        return TaskScript("lightness(images)", "scaled_ab(images)", "colorized(output, images)")


# What the methods do, as functions that the generated script takes over


def noisy(images: Any, sigma: float | tuple[float, float], seed: Any, clip: bool = False) -> Any:
    """Adds Gaussian noise to images.

    Args:
        images: float32 (B, H, W, C).
        sigma: Standard deviation, or a pair (low, high) from which one is drawn per image.
        seed: An integer or a `keras.random.SeedGenerator`.
        clip: True cuts the noisy images to [0, 1].
    """
    import keras
    from keras import ops

    noise = keras.random.normal(ops.shape(images), seed=seed)
    deviation: Any = sigma
    if isinstance(sigma, tuple):
        # One for each image: (B, 1, 1, 1) broadcasts over (B, H, W, C).
        deviation = keras.random.uniform((ops.shape(images)[0], 1, 1, 1), *sigma, seed=seed)
    output = images + deviation * noise
    return ops.clip(output, 0.0, 1.0) if clip else output


def luma(images: Any) -> Any:
    """Grey images: (B, H, W, 3) -> (B, H, W, 1)."""
    from keras import ops

    return ops.sum(images * np.array(LUMA, np.float32), axis=-1, keepdims=True)


def lightness(images: Any) -> Any:
    """L* over 100: (B, H, W, 3) -> (B, H, W, 1) in [0, 1]."""
    from cae_core.images.color_ops import lab_from_rgb

    return lab_from_rgb(images)[..., :1] / 100.0


def scaled_ab(images: Any) -> Any:
    """a* and b* over `AB_SCALE`: (B, H, W, 3) -> (B, H, W, 2) in [-1, 1]."""
    from cae_core.images.color_ops import lab_from_rgb

    return lab_from_rgb(images)[..., 1:] / AB_SCALE


def colorized(output: Any, images: Any) -> Any:
    """The images' lightness with the (a*, b*) of the output: (B, H, W, 3) in [0, 1]."""
    from keras import ops

    from cae_core.images.color_ops import lab_from_rgb, rgb_from_lab

    lab = [lab_from_rgb(images)[..., :1], output * AB_SCALE]
    return ops.clip(rgb_from_lab(ops.concatenate(lab, axis=-1)), 0.0, 1.0)


def task_to_dict(task: Task) -> dict[str, Any]:
    """A task as plain data.

    Example:
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
            f"for the task {task.name}. Received: an architecture for "
            f"{format_shape(architecture.input_shape)}. "
            f"Begin its text with {format_shape(wanted_in)}, or choose other data."
        )
    report = analyze(architecture, output_shape=task.output_shape(image_shape))
    if report.problems:
        raise TrainingError(f"{report.problems[0]} {report.advice}")
    last = getattr(architecture.layers[-1], "activation", None)
    if task.output_activation == "tanh" and last in ("relu", "sigmoid"):
        channels = task.output_shape(image_shape)[2]
        raise TrainingError(
            f"The output of the task {task.name} runs from -1 to 1. "
            f"Received: a network that ends in {last}, which is never negative. "
            f"End it with conv{channels}:tanh."
        )
    return report


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
            f"The task {task.name} has targets that only {' and '.join(task.losses)} can measure. "
            f"Received: loss={loss!r}. Choose {' or '.join(task.losses)}."
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
