"""Grey in, colour out: as RGB, or as the chrominance that belongs to a lightness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cae_core.architecture.formulas import format_shape
from cae_core.errors import TrainingError
from cae_core.training.tasks.base import ImageShape, Task, TaskScript, register_task

LUMA = (0.299, 0.587, 0.114)  # Rec. 601
AB_SCALE = 110.0  # a* and b* of sRGB colours lie between -108 and 99


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
