"""Convolutions, whole, transposed, separable and depthwise, and residual blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cae_core.architecture.formulas import Shape, Symbol, size_formula
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

# The arguments of a Keras convolution that make its random start.
_KERNEL = ("kernel_initializer",)


def _at_all(positions: Shape, weights: str) -> str:
    """The work of weights that are applied at every pixel of a map, numbers put in."""
    return f"{positions[0]} · {positions[1]} positions · {weights}"


@dataclass(frozen=True)
class _Convolution(Layer):
    """The weights and the Keras arguments that convolutions share."""

    channels: int = number("", high=MAX_CHANNELS, example=16)
    kernel: int = number("k", high=31, default=3)
    stride: int = number("s", high=8, default=1)
    padding: str = choice(PADDINGS, "same")
    activation: str = choice(ACTIVATIONS, "relu")

    def _with_weights(self, measure: Measure, channels: int, positions: Shape) -> Measure:
        """The arithmetic with one kernel per pair of channels.

        Args:
            measure: The sizes.
            channels: Channels of the input.
            positions: (height, width) of the map at whose every pixel the kernel is applied.
        """
        weights = self.kernel**2 * channels * self.channels
        count = f"{self.kernel} · {self.kernel} · {channels:,} · {self.channels:,} weights"
        return replace(
            measure,
            parameters=weights + self.channels,
            parameters_formula=f"{count} + {self.channels:,} biases",
            macs=positions[0] * positions[1] * weights,
            macs_formula=_at_all(positions, count),
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
    """A small window of weights slides over the image, once for every channel it makes.

    With a dilation of d its weights stand d pixels apart, so that it sees more with as many.
    """

    keyword = "conv"
    title = "Convolution"
    dilation: int = number("d", high=16, default=1)

    def __str__(self) -> str:
        """The canonical token; 'conv2d8' would be read as Keras's name, 'conv2k3d8' isn't."""
        token = super().__str__()
        return token.replace("conv2d", f"conv2k{self.kernel}d")

    @property
    def _window(self) -> Window:
        if self.dilation > 1 and self.stride > 1:
            raise ArchitectureError(
                "A convolution has a stride or a dilation above 1, and Keras none with both. "
                f"Received: {self}."
            )
        return Window((self.kernel - 1) * self.dilation + 1, self.stride, self.padding)

    def measure(self, shape: Shape) -> Measure:
        channels = self.check_map(shape)[2]
        measure = self._window.measure(shape, self.channels)
        return self._with_weights(measure, channels, measure.output_shape)

    def output_shape(self, shape: Shape) -> Shape:
        self.check_map(shape)
        return self._window.output_shape(shape, self.channels)

    def keras_call(self) -> KerasCall:
        if self.kernel == 1 and self.stride > 1:  # Keras's own can crash, see StridedPointwise
            arguments = {
                "filters": self.channels,
                "stride": self.stride,
                "activation": self.activation,
            }
            return KerasCall("StridedPointwise", arguments, ("seed",), is_own=True)
        return KerasCall("Conv2D", self._arguments() | {"dilation_rate": self.dilation}, _KERNEL)


@register
@dataclass(frozen=True)
class Deconv(_Convolution):
    """Transposed convolution: enlarges by its stride.

    The output padding says which of the sizes that a convolution of this stride makes one of is
    meant: with same padding and an odd kernel, `o0` is the smallest, `s` - 1 the largest.
    """

    keyword = "deconv"
    title = "Transposed convolution"
    stride: int = number("s", high=8, default=2)
    output_padding: int | None = number("o", low=0, high=7, default=None)

    def measure(self, shape: Shape) -> Measure:
        height, _, channels = self.check_map(shape)
        out = self.output_shape(shape)
        # Keras crops what sticks out of a "same" output, the smaller half in front.
        whole = (height - 1) * self.stride + self.kernel
        cropped = max(whole - out[0], 0) if self.padding == "same" else 0
        step = SpatialStep(self.kernel, self.stride, cropped // 2, transposed=True)
        measure = Measure(
            output_shape=out,
            formula=size_formula(shape, out, self._side_formula, *self._general),
            steps=((step,), (step,)),
        )
        return self._with_weights(measure, channels, shape)

    def output_shape(self, shape: Shape) -> Shape:
        height, width, _ = self.check_map(shape)
        kernel, stride, added = self.kernel, self.stride, self.output_padding
        if kernel == 1 and stride > 1:
            raise ArchitectureError(
                "A transposed convolution that enlarges needs a kernel of 2 or more, or only one "
                f"pixel in {stride**2} would be made from the image. Received: {self}."
            )
        if added is None:
            rest = max(kernel - stride, 0) if self.padding == "valid" else 0
        else:
            lowest = 1 if self.padding == "same" and kernel % 2 == 0 else 0
            if not lowest <= added < stride:
                raise ArchitectureError(
                    "An output padding is below the stride, and above 0 where an even kernel has "
                    f"same padding. Received: {self}."
                )
            rest = kernel - stride - self._cut + added
        return height * stride + rest, width * stride + rest, self.channels

    @property
    def _cut(self) -> int:
        """Pixels that Keras cuts off both sides together where an output padding is given."""
        return 2 * (self.kernel // 2) if self.padding == "same" else 0

    @property
    def _general(self) -> tuple[str, *tuple[Symbol, ...]]:
        """`_side_formula` with letters, and the letters but W."""
        kernel = Symbol("K", str(self.kernel), "side of the window")
        stride = Symbol("S", str(self.stride), "stride")
        if self.output_padding is not None:
            added = Symbol("O", str(self.output_padding), "output padding")
            cut = f" − {self._cut}" if self._cut else ""
            return f"(W − 1) · S + K{cut} + O", kernel, stride, added
        if self.padding == "valid":
            return "W · S + max(K − S, 0)", kernel, stride
        return "W · S", stride

    def _side_formula(self, side: int) -> str:
        """A side of the output, as Keras counts it."""
        if self.output_padding is not None:
            cut = f" − {self._cut}" if self._cut else ""
            return f"({side} − 1) · {self.stride} + {self.kernel}{cut} + {self.output_padding}"
        rest = f" + max({self.kernel} − {self.stride}, 0)" if self.padding == "valid" else ""
        return f"{side} · {self.stride}{rest}"

    def keras_call(self) -> KerasCall:
        arguments = self._arguments() | {"output_padding": self.output_padding}
        return KerasCall("Conv2DTranspose", arguments, _KERNEL)


@register
@dataclass(frozen=True)
class SeparableConv(_Convolution):
    """A depthwise convolution and a 1x1 convolution behind it: much fewer weights."""

    keyword = "sepconv"
    title = "Separable convolution"

    def measure(self, shape: Shape) -> Measure:
        channels = self.check_map(shape)[2]
        measure = Window(self.kernel, self.stride, self.padding).measure(shape, self.channels)
        height, width, _ = measure.output_shape
        weights = (self.kernel**2 + self.channels) * channels
        count = f"{self.kernel} · {self.kernel} · {channels:,} + {channels:,} · {self.channels:,}"
        return replace(
            measure,
            parameters=weights + self.channels,
            parameters_formula=f"{count} weights + {self.channels:,} biases",
            macs=height * width * weights,
            macs_formula=_at_all(measure.output_shape, f"({count}) weights"),
        )

    def keras_call(self) -> KerasCall:
        start = ("depthwise_initializer", "pointwise_initializer")
        return KerasCall("SeparableConv2D", self._arguments(), start)


@register
@dataclass(frozen=True)
class DepthwiseConv(Layer):
    """A window of weights of its own for every channel; the channels are not mixed."""

    keyword = "dwconv"
    title = "Depthwise convolution"
    kernel: int = number("", high=31, default=3)
    stride: int = number("s", high=8, default=1)
    padding: str = choice(PADDINGS, "same")
    activation: str = choice(ACTIVATIONS, "relu")

    def measure(self, shape: Shape) -> Measure:
        channels = self.check_map(shape)[2]
        measure = Window(self.kernel, self.stride, self.padding).measure(shape, channels)
        height, width, _ = measure.output_shape
        weights = self.kernel**2 * channels
        count = f"{self.kernel} · {self.kernel} · {channels:,} weights"
        return replace(
            measure,
            parameters=weights + channels,
            parameters_formula=f"{count} + {channels:,} biases",
            macs=height * width * weights,
            macs_formula=_at_all(measure.output_shape, count),
        )

    def keras_call(self) -> KerasCall:
        arguments = {
            "kernel_size": self.kernel,
            "strides": self.stride,
            "padding": self.padding,
            "activation": self.activation,
        }
        return KerasCall("DepthwiseConv2D", arguments, ("depthwise_initializer",))


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
        measure = first.measure(shape, filters)
        out = measure.output_shape
        # A 1x1 convolution fits the shortcut where the block changes the shape.
        projection = channels * filters if self.stride != 1 or channels != filters else 0
        norms = 3 if projection else 2
        weights = kernel**2 * (channels + filters) * filters + projection
        count = f"{kernel} · {kernel} · ({channels:,} + {filters:,}) · {filters:,}"
        count += f" + 1 · 1 · {channels:,} · {filters:,}" if projection else ""
        return replace(
            measure,
            textbook=None,
            textbook_note="",
            parameters=weights + norms * 4 * filters,
            parameters_formula=(
                f"{count} weights + {norms} · 4 · {filters:,} for batch normalisation"
            ),
            macs=out[0] * out[1] * weights,
            macs_formula=_at_all(out, f"({count}) weights"),
            steps=(
                (first.step(height), second.step(out[0])),
                (first.step(width), second.step(out[1])),
            ),
        )

    def keras_call(self) -> KerasCall:
        return KerasCall("ResidualBlock", dict(vars(self)), ("seed",), is_own=True)
