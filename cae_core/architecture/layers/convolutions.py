"""Convolutions, transposed convolutions and residual blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cae_core.architecture.formulas import Shape, size_formula
from cae_core.architecture.layers.base import (
    ACTIVATIONS,
    MAX_CHANNELS,
    PADDINGS,
    KerasCall,
    Layer,
    choice,
    number,
    register,
)
from cae_core.architecture.shapes import Measure, SpatialStep, Window
from cae_core.errors import ArchitectureError


@dataclass(frozen=True)
class _Convolution(Layer):
    """The weights that both kinds of convolution have."""

    channels: int = number("", high=MAX_CHANNELS, example=16)
    kernel: int = number("k", high=31, default=3)
    stride: int = number("s", high=8, default=1)
    padding: str = choice(PADDINGS, "same")
    activation: str = choice(ACTIVATIONS, "relu")

    def _with_weights(self, measure: Measure, channels: int, positions: int) -> Measure:
        """The arithmetic with one kernel per pair of channels, applied at every position."""
        weights = self.kernel**2 * channels * self.channels
        return replace(
            measure,
            parameters=weights + self.channels,
            parameters_formula=(
                f"{self.kernel} · {self.kernel} · {channels:,} · {self.channels:,} weights "
                f"+ {self.channels:,} biases"
            ),
            macs=positions * weights,
        )

    def _arguments(self) -> dict[str, Any]:
        return {
            "filters": self.channels,
            "kernel_size": self.kernel,
            "strides": self.stride,
            "padding": self.padding,
            "activation": self.activation,
        }


@register
@dataclass(frozen=True)
class Conv(_Convolution):
    """A small window of weights slides over the image, once for every channel it makes."""

    keyword = "conv"
    title = "Convolution"

    def measure(self, shape: Shape) -> Measure:
        channels = self.check_map(shape)[2]
        measure = Window(self.kernel, self.stride, self.padding).measure(
            shape,
            self.channels,
            f"Use a smaller kernel, or same padding (leave out ':valid' in {self})",
        )
        height, width, _ = measure.output_shape
        return self._with_weights(measure, channels, height * width)

    def keras_call(self) -> KerasCall:
        if self.kernel == 1 and self.stride > 1:  # Keras's own can crash, see StridedPointwise
            arguments = {
                "filters": self.channels,
                "stride": self.stride,
                "activation": self.activation,
            }
            return KerasCall("StridedPointwise", arguments, has_kernel=True, is_own=True)
        return KerasCall("Conv2D", self._arguments(), has_kernel=True)


@register
@dataclass(frozen=True)
class Deconv(_Convolution):
    """Transposed convolution: enlarges by its stride."""

    keyword = "deconv"
    title = "Transposed convolution"
    stride: int = number("s", high=8, default=2)

    def measure(self, shape: Shape) -> Measure:
        height, width, channels = self.check_map(shape)
        kernel, stride = self.kernel, self.stride
        if kernel == 1 and stride > 1:
            raise ArchitectureError(
                "A transposed convolution that enlarges needs a kernel of 2 or more, or only one "
                f"pixel in {stride**2} would be made from the image. Received: {self}. "
                "Use a kernel as large as the stride."
            )
        overlap = max(kernel - stride, 0)
        # Keras crops what sticks out of a "same" output, the smaller half in front.
        cropped = overlap if self.padding == "same" else 0
        rest = overlap - cropped
        out = (height * stride + rest, width * stride + rest, self.channels)
        said = f" + max({kernel} − {stride}, 0)" if self.padding == "valid" else ""
        step = SpatialStep(kernel, stride, cropped // 2, transposed=True)
        measure = Measure(
            output_shape=out,
            formula=size_formula(shape, out, lambda side: f"{side} · {stride}{said}"),
            steps=((step,), (step,)),
        )
        return self._with_weights(measure, channels, height * width)

    def keras_call(self) -> KerasCall:
        return KerasCall("Conv2DTranspose", self._arguments(), has_kernel=True)


@register
@dataclass(frozen=True)
class Residual(Layer):
    """Residual block: two convolutions with batch normalisation, added to a shortcut."""

    keyword = "res"
    title = "Residual block"
    channels: int = number("", high=MAX_CHANNELS, example=16)
    kernel: int = number("k", high=31, default=3)
    stride: int = number("s", high=8, default=1)
    activation: str = choice(ACTIVATIONS, "relu")

    def measure(self, shape: Shape) -> Measure:
        height, width, channels = self.check_map(shape)
        kernel, filters = self.kernel, self.channels
        first, second = Window(kernel, self.stride, "same"), Window(kernel, 1, "same")
        measure = first.measure(shape, filters, remedy="")
        out = measure.output_shape
        # A 1x1 convolution fits the shortcut where the block changes the shape.
        projection = channels * filters if self.stride != 1 or channels != filters else 0
        norms = 3 if projection else 2
        weights = kernel**2 * (channels + filters) * filters + projection
        return replace(
            measure,
            textbook=None,
            textbook_note="",
            parameters=weights + norms * 4 * filters,
            parameters_formula=(
                f"{kernel} · {kernel} · ({channels:,} + {filters:,}) · {filters:,}"
                + (f" + 1 · 1 · {channels:,} · {filters:,}" if projection else "")
                + f" weights + {norms} · 4 · {filters:,} for batch normalisation"
            ),
            macs=out[0] * out[1] * weights,
            steps=(
                (first.step(height), second.step(out[0])),
                (first.step(width), second.step(out[1])),
            ),
        )

    def keras_call(self) -> KerasCall:
        return KerasCall("ResidualBlock", dict(vars(self)), has_kernel=True, is_own=True)
