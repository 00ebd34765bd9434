"""What a network learns to undo: a way to damage an image, and the image it shall return.

A task is a pair of functions on float32 images (B, H, W, C) in [0, 1], written with
`keras.ops` so that they run inside the training graph: `corrupt` makes the network's input,
`target` its desired output. Importing this module does not import Keras.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol

import numpy as np

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.errors import TrainingError

LUMA = (0.299, 0.587, 0.114)  # Rec. 601
AB_SCALE = 110.0  # a* and b* of sRGB colours lie between -108 and 99


class Task(Protocol):
    """What every task can say and do."""

    name: ClassVar[str]
    title: ClassVar[str]

    def input_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Shape of the network's input for images of a shape."""

    def output_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Shape of the network's output for images of a shape."""

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The network's input for a batch of images."""

    def target(self, images: Any) -> Any:
        """The network's desired output for a batch of images."""

    def image(self, output: Any, images: Any) -> Any:
        """The image, in [0, 1], that an output stands for, given the true images."""


@dataclass(frozen=True)
class _SameImageTask:
    """A task whose input and output have the image's own shape."""

    def input_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """The image's shape."""
        return image_shape

    def output_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """The image's shape."""
        return image_shape

    def target(self, images: Any) -> Any:
        """The image itself."""
        return images

    def image(self, output: Any, images: Any) -> Any:
        """The output, cut to [0, 1]."""
        return _clipped(output)


@dataclass(frozen=True)
class Reconstruct(_SameImageTask):
    """The image in, the same image out: what an autoencoder is.

    Example:
        >>> Reconstruct().output_shape((32, 32, 3))
        (32, 32, 3)
    """

    name: ClassVar[str] = "reconstruct"
    title: ClassVar[str] = "Reconstruct"

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The image itself."""
        return images

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Denoise(_SameImageTask):
    """Gaussian noise in the input, the clean image as the target.

    Args:
        sigma: Standard deviation of the noise in [0, 1] units (25 of 255 is 0.098), from 0
            to 1; or a pair (low, high) from which one is drawn per image.
        clip: Whether the noisy image is cut to [0, 1]. Published figures do not clip.

    Raises:
        TrainingError: For a sigma outside 0 to 1, or a pair in the wrong order.

    Example:
        >>> Denoise(sigma=0.3)
        Denoise(sigma=0.3, clip=False)
    """

    name: ClassVar[str] = "denoise"
    title: ClassVar[str] = "Denoise"
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
    def sigma_range(self) -> tuple[float, float]:
        """Lowest and highest sigma; equal where it is fixed."""
        if isinstance(self.sigma, tuple | list):
            low, high = self.sigma
            return float(low), float(high)
        return float(self.sigma), float(self.sigma)

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The image plus noise drawn from `seed`, an integer or a keras SeedGenerator."""
        import keras

        low, high = self.sigma_range
        noise = keras.random.normal(keras.ops.shape(images), seed=seed)
        if low == high:
            sigma = low
        else:
            # One sigma an image: (B, 1, 1, 1) broadcasts over (B, H, W, C).
            batch = keras.ops.shape(images)[0]
            sigma = keras.random.uniform((batch, 1, 1, 1), low, high, seed=seed)
        noisy = images + sigma * noise
        return keras.ops.clip(noisy, 0.0, 1.0) if self.clip else noisy

    def add_noise(self, image: np.ndarray, *, seed: int) -> np.ndarray:
        """The same damage to one array outside a graph, at the largest sigma.

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

    def __str__(self) -> str:
        low, high = self.sigma_range
        said = f"{low:.3g}" if low == high else f"{low:.3g}-{high:.3g}"
        return f"{self.name} sigma {said}{' clipped' if self.clip else ''}"


@dataclass(frozen=True)
class ColorizeRGB:
    """The grey image in, the colour image out.

    Grey is Rec. 601 luma of the sRGB values, what most programs mean by greyscale.

    Example:
        >>> ColorizeRGB().input_shape((32, 32, 3)), ColorizeRGB().output_shape((32, 32, 3))
        ((32, 32, 1), (32, 32, 3))
    """

    name: ClassVar[str] = "colorize_rgb"
    title: ClassVar[str] = "Colorize: grey to RGB"

    def input_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """One channel; the images must have three."""
        return _grey_shape(image_shape)

    def output_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """The image's shape."""
        return image_shape

    def corrupt(self, images: Any, seed: Any) -> Any:
        """Luma: (B, H, W, 3) -> (B, H, W, 1)."""
        from keras import ops

        return ops.sum(images * np.array(LUMA, np.float32), axis=-1, keepdims=True)

    def target(self, images: Any) -> Any:
        """The image itself."""
        return images

    def image(self, output: Any, images: Any) -> Any:
        """The output, cut to [0, 1]."""
        return _clipped(output)

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ColorizeChroma:
    """The lightness in, the chrominance out; the known lightness is kept.

    Lightness and chrominance are those of CIE L*a*b*: L*/100 goes in, a* and b* over
    `AB_SCALE` come out, and the image is the output merged with the true L*.

    Example:
        >>> ColorizeChroma().output_shape((32, 32, 3))
        (32, 32, 2)
    """

    name: ClassVar[str] = "colorize_chroma"
    title: ClassVar[str] = "Colorize: lightness to chrominance"

    def input_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """One channel; the images must have three."""
        return _grey_shape(image_shape)

    def output_shape(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Two channels, a* and b*."""
        height, width, _ = _grey_shape(image_shape)
        return height, width, 2

    def corrupt(self, images: Any, seed: Any) -> Any:
        """Lightness in [0, 1]: (B, H, W, 3) -> (B, H, W, 1)."""
        from cae_core.images.color_ops import lab_from_rgb

        return lab_from_rgb(images)[..., :1] / 100.0

    def target(self, images: Any) -> Any:
        """Chrominance in [-1, 1]: (B, H, W, 3) -> (B, H, W, 2)."""
        from cae_core.images.color_ops import lab_from_rgb

        return lab_from_rgb(images)[..., 1:] / AB_SCALE

    def image(self, output: Any, images: Any) -> Any:
        """The true lightness with the output's chrominance, cut to [0, 1] in sRGB."""
        from keras import ops

        from cae_core.images.color_ops import lab_from_rgb, rgb_from_lab

        lightness = lab_from_rgb(images)[..., :1]
        return _clipped(rgb_from_lab(ops.concatenate([lightness, output * AB_SCALE], -1)))

    def __str__(self) -> str:
        return self.name


def _clipped(output: Any) -> Any:
    """Values in [0, 1], as an image has them."""
    from keras import ops

    return ops.clip(output, 0.0, 1.0)


def _grey_shape(image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """The shape of one grey channel of a colour image."""
    height, width, channels = image_shape
    if channels != 3:
        raise TrainingError(
            "Colorization learns from colour images. "
            f"Received: images of {format_shape(image_shape)}. Choose a data set in colour."
        )
    return height, width, 1


TASKS: dict[str, type[Reconstruct | Denoise | ColorizeRGB | ColorizeChroma]] = {
    kind.name: kind for kind in (Reconstruct, Denoise, ColorizeRGB, ColorizeChroma)
}


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
            f"A task is one of {', '.join(TASKS)} with its own settings. Received: {data}. "
            "Correct its name or leave the unknown setting out."
        )
    settings: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in data.items()
        if key != "task"
    }
    return kind(**settings)


def check_fit(architecture: Architecture, image_shape: tuple[int, int, int], task: Task) -> None:
    """Refuses an architecture whose input or output is not what the task needs.

    Args:
        architecture: The network.
        image_shape: Height, width and channels of the data set's images.
        task: What is to be learnt.

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
        raise TrainingError(report.problems[0])
    last = getattr(architecture.layers[-1], "activation", None)
    if isinstance(task, ColorizeChroma) and last in ("relu", "sigmoid"):
        raise TrainingError(
            "Chrominance runs from -1 to 1. "
            f"Received: a network that ends in {last}, which is never negative. "
            "End it with conv2:tanh."
        )


def check_loss(loss: str, task: Task) -> None:
    """Refuses a loss that makes no sense for the task.

    Args:
        loss: A loss of `TrainConfig`.
        task: What is to be learnt.

    Raises:
        TrainingError: Naming the losses that do.
    """
    if isinstance(task, ColorizeChroma) and loss in ("bce", "ssim"):
        raise TrainingError(
            "Chrominance may be negative, which only mse and mae can measure. "
            f"Received: loss={loss!r}. Choose mse or mae."
        )
