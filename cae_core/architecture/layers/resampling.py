"""Upsampling, pixel shuffles, blur and borders: maps without kernels to learn, but one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cae_core.architecture.formulas import Shape, Symbol, format_shape, size_formula
from cae_core.architecture.layers.base import (
    MAX_CHANNELS,
    KerasCall,
    Layer,
    choice,
    number,
    register,
)
from cae_core.architecture.shapes import Measure, SpatialStep, bordered, enlarged, unchanged
from cae_core.errors import ArchitectureError


@register
@dataclass(frozen=True)
class Up(Layer):
    """Upsampling by repeating (nearest) or interpolating (bilinear) pixels."""

    keyword = "up"
    title = "Upsampling"
    keeps_range = True
    factor: int = number("", low=2, high=16, default=2)
    interpolation: str = choice(("nearest", "bilinear"), "nearest")

    def measure(self, shape: Shape) -> Measure:
        channels = self.check_map(shape)[2]
        factor, step = self.factor, None
        if self.interpolation == "bilinear":
            # A tent of 2·factor - 1 or 2·factor outputs around each input pixel.
            step = SpatialStep(2 * factor - factor % 2, factor, factor // 2, transposed=True)
        return enlarged(shape, factor, channels, step)

    def keras_call(self) -> KerasCall:
        return KerasCall("UpSampling2D", {"size": self.factor, "interpolation": self.interpolation})


@register
@dataclass(frozen=True)
class Shuffle(Layer):
    """Pixel shuffle (depth to space): factor² channels become factor x factor pixels."""

    keyword = "shuffle"
    title = "Pixel shuffle"
    keeps_range = True
    factor: int = number("", low=2, high=8, default=2)

    def measure(self, shape: Shape) -> Measure:
        channels = self.check_map(shape)[2]
        square = self.factor**2
        if channels % square:
            raise ArchitectureError(
                f"A shuffle by {self.factor} needs a multiple of {square} channels. "
                f"Received: {format_shape(shape)}."
            )
        return enlarged(shape, self.factor, channels // square)

    def keras_call(self) -> KerasCall:
        return KerasCall("PixelShuffle", {"factor": self.factor}, is_own=True)


@register
@dataclass(frozen=True)
class Unshuffle(Layer):
    """Pixel unshuffle (space to depth): factor x factor pixels become factor² channels."""

    keyword = "unshuffle"
    title = "Pixel unshuffle"
    keeps_range = True
    factor: int = number("", low=2, high=8, default=2)

    def measure(self, shape: Shape) -> Measure:
        height, width, channels = self.check_map(shape)
        factor = self.factor
        if height % factor or width % factor:
            raise ArchitectureError(
                f"An unshuffle by {factor} needs height and width that are multiples of {factor}. "
                f"Received: {format_shape(shape)}."
            )
        out = (height // factor, width // factor, channels * factor**2)
        step = SpatialStep(factor, factor, 0)
        return Measure(
            output_shape=out,
            formula=size_formula(
                shape,
                out,
                lambda side: f"{side} / {factor}",
                "W / F",
                Symbol("F", str(factor), "factor"),
            ),
            steps=((step,), (step,)),
        )

    def keras_call(self) -> KerasCall:
        return KerasCall("PixelUnshuffle", {"factor": self.factor}, is_own=True)


@register
@dataclass(frozen=True)
class SubPixel(Layer):
    """Sub-pixel upsampling: weight-normalised 1x1 convolution (ICNR start), ReLU, shuffle."""

    keyword = "subpixel"
    title = "Sub-pixel upsampling"
    channels: int = number("", high=MAX_CHANNELS, example=16)
    factor: int = number("s", low=2, high=8, default=2)

    @property
    def output_activation(self) -> str:
        return "relu"

    def measure(self, shape: Shape) -> Measure:
        height, width, channels = self.check_map(shape)
        filters = self.channels * self.factor**2
        count = f"1 · 1 · {channels:,} · {filters:,} weights"
        return replace(
            enlarged(shape, self.factor, self.channels),
            parameters=channels * filters + 2 * filters,
            parameters_formula=f"{count} + {filters:,} gains + {filters:,} biases",
            macs=height * width * channels * filters,
            macs_formula=f"{height} · {width} positions · {count}",
        )

    def keras_call(self) -> KerasCall:
        return KerasCall("SubPixelUpsampling", dict(vars(self)), ("seed",), is_own=True)


@register
@dataclass(frozen=True)
class Blur(Layer):
    """Mean of each 2x2 window at stride 1, edges repeated: softens a pixel shuffle's grid."""

    keyword = "blur"
    title = "Blur"
    keeps_range = True

    def measure(self, shape: Shape) -> Measure:
        self.check_map(shape)
        step = SpatialStep(2, 1, 1)
        return replace(unchanged(shape), steps=((step,), (step,)))

    def keras_call(self) -> KerasCall:
        return KerasCall("Blur", is_own=True)


@register
@dataclass(frozen=True)
class Pad(Layer):
    """Zeros added on all four sides."""

    keyword = "pad"
    title = "Zero padding"
    keeps_range = True
    pixels: int = number("", high=64, default=1)

    def measure(self, shape: Shape) -> Measure:
        return bordered(self.check_map(shape), self.pixels)

    def keras_call(self) -> KerasCall:
        return KerasCall("ZeroPadding2D", {"padding": self.pixels})


@register
@dataclass(frozen=True)
class Crop(Layer):
    """Pixels cut off on all four sides."""

    keyword = "crop"
    title = "Cropping"
    keeps_range = True
    pixels: int = number("", high=64, default=1)

    def measure(self, shape: Shape) -> Measure:
        height, width, _ = self.check_map(shape)
        if min(height, width) <= 2 * self.pixels:
            raise ArchitectureError(
                f"A crop of {self.pixels} needs more than {2 * self.pixels} pixels a side. "
                f"Received: {format_shape(shape)}."
            )
        return bordered(shape, -self.pixels)

    def keras_call(self) -> KerasCall:
        return KerasCall("Cropping2D", {"cropping": self.pixels})
