"""What one layer does to one tensor: shape, formula, parameters, work, neighbourhood.

Everything here follows Keras: ``same`` gives ``ceil(W / S)``, ``valid`` gives
``floor((W - K) / S) + 1``. The textbook formula ``((W - K + 2P) / S + 1)² · C`` stands beside
it, with a word where the two differ. A new kind of layer gets one function here.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cae_core.architecture.layers import (
    MAX_CHANNELS,
    Activation,
    Add,
    BatchNorm,
    Blur,
    Concatenate,
    Conv,
    Crop,
    Deconv,
    Dense,
    Flatten,
    Layer,
    Pad,
    Pool,
    Reshape,
    Residual,
    Shuffle,
    SubPixel,
    Unshuffle,
    Up,
)
from cae_core.architecture.notation import Shape, format_shape
from cae_core.errors import ArchitectureError


@dataclass(frozen=True)
class Formula:
    """A calculation with its numbers put in: once for a terminal, once for a typeset page."""

    text: str
    latex: str


@dataclass(frozen=True)
class SpatialStep:
    """How output positions look at input positions along one axis.

    Without `transposed`, output ``p`` sees inputs ``p·stride - offset`` to
    ``p·stride - offset + kernel - 1``. With it, input ``i`` is written to outputs
    ``i·stride - offset`` to ``i·stride - offset + kernel - 1``: a transposed convolution, and
    nearest and bilinear upsampling with suitable kernels.
    """

    kernel: int
    stride: int
    offset: int
    transposed: bool = False

    def inputs(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The input interval that the output interval [low, high] depends on."""
        if self.transposed:
            # i·stride lies in [low + offset - kernel + 1, high + offset].
            first = -((self.kernel - 1 - self.offset - low) // self.stride)
            return first, (high + self.offset) // self.stride
        first = low * self.stride - self.offset
        return first, high * self.stride - self.offset + self.kernel - 1


@dataclass(frozen=True)
class Measure:
    """What one layer does to one input shape."""

    output_shape: Shape
    formula: Formula
    textbook: Formula | None = None
    textbook_note: str = ""
    parameters: int = 0
    parameters_formula: str = ""
    macs: int = 0
    height_steps: tuple[SpatialStep, ...] = ()
    width_steps: tuple[SpatialStep, ...] = ()
    sees_everything: bool = False


@functools.singledispatch
def measure(layer: Layer, shape: Shape) -> Measure:
    """What a layer does to a tensor.

    Args:
        layer: Any layer but a mark or a skip connection, which need to know other tensors.
        shape: The tensor's shape without the batch: (height, width, channels) or (units,).

    Returns:
        Output shape, formula, parameters, work, and how it looks at its neighbourhood.

    Raises:
        ArchitectureError: Where the layer cannot work on that shape, with the remedy.

    Example:
        >>> measure(Conv(8), (32, 32, 3)).formula.text
        '⌈32 / 1⌉ = 32, so 32 × 32 × 8 = 8,192'
    """
    raise TypeError(f"No arithmetic for {type(layer).__name__}")


@measure.register
def _(layer: Conv, shape: Shape) -> Measure:
    height, width, channels = _map(layer, shape)
    window = _Window(layer.kernel, layer.stride, layer.padding)
    out = window.output_shape(layer, shape, layer.channels)
    weights = layer.kernel**2 * channels * layer.channels
    return Measure(
        out,
        window.formula(shape, out),
        *window.textbook(shape, out),
        parameters=weights + layer.channels,
        parameters_formula=(
            f"{layer.kernel} · {layer.kernel} · {channels:,} · {layer.channels:,} weights "
            f"+ {layer.channels:,} biases"
        ),
        macs=out[0] * out[1] * weights,
        height_steps=(window.step(height),),
        width_steps=(window.step(width),),
    )


@measure.register
def _(layer: Pool, shape: Shape) -> Measure:
    height, width, channels = _map(layer, shape)
    window = _Window(layer.size, layer.step, layer.padding)
    out = window.output_shape(layer, shape, channels)
    return Measure(
        out,
        window.formula(shape, out),
        *window.textbook(shape, out),
        height_steps=(window.step(height),),
        width_steps=(window.step(width),),
    )


@measure.register
def _(layer: Deconv, shape: Shape) -> Measure:
    height, width, channels = _map(layer, shape)
    kernel, stride = layer.kernel, layer.stride
    if kernel == 1 and stride > 1:
        raise ArchitectureError(
            "A transposed convolution that enlarges needs a kernel of 2 or more, or only one "
            f"pixel in {stride**2} would be made from the image. Received: {layer}. "
            "Use a kernel as large as the stride."
        )
    overlap = max(kernel - stride, 0)
    rest = 0 if layer.padding == "same" else overlap
    out = (height * stride + rest, width * stride + rest, layer.channels)
    said = f" + max({kernel} − {stride}, 0)" if layer.padding == "valid" else ""
    typeset = rf" + \max({kernel} - {stride}, 0)" if layer.padding == "valid" else ""
    weights = kernel**2 * channels * layer.channels
    # Keras crops what sticks out of a "same" output, the smaller half in front.
    step = SpatialStep(kernel, stride, overlap // 2 if layer.padding == "same" else 0, True)
    return Measure(
        out,
        _sides_formula(
            shape,
            out,
            lambda side: (f"{side} · {stride}{said}", rf"{side} \cdot {stride}{typeset}"),
        ),
        parameters=weights + layer.channels,
        parameters_formula=(
            f"{kernel} · {kernel} · {channels:,} · {layer.channels:,} weights "
            f"+ {layer.channels:,} biases"
        ),
        macs=height * width * weights,
        height_steps=(step,),
        width_steps=(step,),
    )


@measure.register
def _(layer: Up, shape: Shape) -> Measure:
    channels = _map(layer, shape)[2]
    factor = layer.factor
    if layer.interpolation == "bilinear":
        # A tent of 2·factor - 1 or 2·factor outputs around each input pixel.
        step = SpatialStep(2 * factor - factor % 2, factor, factor // 2, True)
    else:
        step = SpatialStep(factor, factor, 0, True)
    return _enlarged(shape, factor, channels, step)


@measure.register
def _(layer: Shuffle, shape: Shape) -> Measure:
    channels = _map(layer, shape)[2]
    factor = layer.factor
    if channels % factor**2:
        raise ArchitectureError(
            f"A shuffle by {factor} needs a multiple of {factor**2} channels. "
            f"Received: {format_shape(shape)}. "
            f"Give the layer before it {_next_multiple(channels, factor**2):,} channels."
        )
    return _enlarged(
        shape, factor, channels // factor**2, SpatialStep(factor, factor, 0, transposed=True)
    )


@measure.register
def _(layer: Unshuffle, shape: Shape) -> Measure:
    height, width, channels = _map(layer, shape)
    factor = layer.factor
    if height % factor or width % factor:
        raise ArchitectureError(
            f"An unshuffle by {factor} needs height and width that are multiples of {factor}. "
            f"Received: {format_shape(shape)}. Pad the image first, or choose another factor."
        )
    out = (height // factor, width // factor, channels * factor**2)
    step = SpatialStep(factor, factor, 0)
    return Measure(
        out,
        _sides_formula(
            shape, out, lambda side: (f"{side} / {factor}", rf"\frac{{{side}}}{{{factor}}}")
        ),
        height_steps=(step,),
        width_steps=(step,),
    )


@measure.register
def _(layer: SubPixel, shape: Shape) -> Measure:
    height, width, channels = _map(layer, shape)
    filters = layer.channels * layer.factor**2
    enlarged = _enlarged(
        shape, layer.factor, layer.channels, SpatialStep(layer.factor, layer.factor, 0, True)
    )
    return Measure(
        **vars(enlarged)
        | {
            "parameters": channels * filters + 2 * filters,
            "parameters_formula": (
                f"1 · 1 · {channels:,} · {filters:,} weights + {filters:,} gains "
                f"+ {filters:,} biases"
            ),
            "macs": height * width * channels * filters,
        }
    )


@measure.register
def _(layer: Blur, shape: Shape) -> Measure:
    _map(layer, shape)
    step = SpatialStep(2, 1, 1)
    return Measure(**vars(unchanged(shape)) | {"height_steps": (step,), "width_steps": (step,)})


@measure.register
def _(layer: Residual, shape: Shape) -> Measure:
    height, width, channels = _map(layer, shape)
    kernel, stride, filters = layer.kernel, layer.stride, layer.channels
    window, second_window = _Window(kernel, stride, "same"), _Window(kernel, 1, "same")
    out = window.output_shape(layer, shape, filters)
    first = kernel**2 * channels * filters
    second = kernel**2 * filters * filters
    has_projection = stride != 1 or channels != filters
    shortcut = channels * filters if has_projection else 0
    norms = 3 if has_projection else 2
    return Measure(
        out,
        window.formula(shape, out),
        parameters=first + second + shortcut + norms * 4 * filters,
        parameters_formula=(
            f"{kernel} · {kernel} · ({channels:,} + {filters:,}) · {filters:,}"
            + (f" + 1 · 1 · {channels:,} · {filters:,}" if has_projection else "")
            + f" weights + {norms} · 4 · {filters:,} for batch normalisation"
        ),
        macs=out[0] * out[1] * (first + second + shortcut),
        height_steps=(window.step(height), second_window.step(out[0])),
        width_steps=(window.step(width), second_window.step(out[1])),
    )


@measure.register
def _(layer: BatchNorm, shape: Shape) -> Measure:
    channels = shape[-1]
    return Measure(
        **vars(unchanged(shape))
        | {
            "parameters": 4 * channels,
            "parameters_formula": (
                f"4 · {channels:,}: scale, shift, running mean, running variance"
            ),
        }
    )


@measure.register
def _(layer: Activation, shape: Shape) -> Measure:
    return unchanged(shape)


@measure.register
def _(layer: Flatten, shape: Shape) -> Measure:
    size = math.prod(shape)
    product = " × ".join(f"{side:,}" for side in shape)
    typeset = r" \times ".join(_latex_number(side) for side in shape)
    formula = Formula(f"{product} = {size:,}", f"{typeset} = {_latex_number(size)}")
    return Measure((size,), formula, sees_everything=True)


@measure.register
def _(layer: Dense, shape: Shape) -> Measure:
    if len(shape) != 1:
        everywhere = (
            f", or use conv{layer.units}k1 for a dense layer at every pixel"
            if layer.units <= MAX_CHANNELS
            else ""
        )
        raise ArchitectureError(
            "A dense layer works on a vector. "
            f"Received: a map of {format_shape(shape)}. Put flatten before it{everywhere}."
        )
    weights = shape[0] * layer.units
    return Measure(
        (layer.units,),
        Formula(f"{layer.units:,} units", rf"{_latex_number(layer.units)}\ \text{{units}}"),
        parameters=weights + layer.units,
        parameters_formula=f"{shape[0]:,} · {layer.units:,} weights + {layer.units:,} biases",
        macs=weights,
        sees_everything=True,
    )


@measure.register
def _(layer: Reshape, shape: Shape) -> Measure:
    out = (layer.height, layer.width, layer.channels)
    if math.prod(out) != math.prod(shape):
        raise ArchitectureError(
            f"A reshape keeps the number of numbers, {math.prod(shape):,} here. Received: "
            f"{format_shape(out)} = {math.prod(out):,}. "
            f"Change the shape, or the layer before it to {math.prod(out):,} units."
        )
    formula = Formula(
        f"{math.prod(shape):,} = {' × '.join(f'{side:,}' for side in out)}",
        f"{_latex_number(math.prod(shape))} = "
        + r" \times ".join(_latex_number(side) for side in out),
    )
    # A rearranged vector has no neighbourhoods left to follow: everything may matter.
    return Measure(out, formula, sees_everything=True)


@measure.register
def _(layer: Pad, shape: Shape) -> Measure:
    height, width, channels = _map(layer, shape)
    return _bordered(shape, (height + 2 * layer.pixels, width + 2 * layer.pixels, channels))


@measure.register
def _(layer: Crop, shape: Shape) -> Measure:
    height, width, channels = _map(layer, shape)
    if min(height, width) <= 2 * layer.pixels:
        raise ArchitectureError(
            f"A crop of {layer.pixels} needs more than {2 * layer.pixels} pixels a side. "
            f"Received: {format_shape(shape)}. Crop less, or leave it out."
        )
    return _bordered(shape, (height - 2 * layer.pixels, width - 2 * layer.pixels, channels))


# --- What several layers share -------------------------------------------------------------


def _map(layer: Layer, shape: Shape) -> tuple[int, int, int]:
    """Height, width and channels, or the sentence that says a map is needed."""
    if len(shape) != 3:
        raise ArchitectureError(
            f"{layer.title} works on a map of height x width x channels. "
            f"Received: a vector of {shape[0]:,} numbers. Put a reshape before it."
        )
    height, width, channels = shape
    return height, width, channels


def unchanged(shape: Shape, why: str = "unchanged") -> Measure:
    """A layer that keeps its input's shape."""
    return Measure(
        shape, Formula(f"{why}: {format_shape(shape)}", rf"\text{{{why}: {format_shape(shape)}}}")
    )


def _enlarged(shape: Shape, factor: int, channels: int, step: SpatialStep) -> Measure:
    """A layer that multiplies height and width."""
    out = (shape[0] * factor, shape[1] * factor, channels)
    return Measure(
        out,
        _sides_formula(shape, out, lambda side: (f"{side} · {factor}", rf"{side} \cdot {factor}")),
        height_steps=(step,),
        width_steps=(step,),
    )


def _bordered(shape: Shape, out: Shape) -> Measure:
    """A layer that adds a border, or takes one away."""
    pixels = (out[0] - shape[0]) // 2
    sign, amount = ("+", pixels) if pixels > 0 else ("−", -pixels)
    step = SpatialStep(1, 1, pixels)
    return Measure(
        out,
        _sides_formula(
            shape,
            out,
            lambda side: (
                f"{side} {sign} 2 · {amount}",
                rf"{side} {sign.replace('−', '-')} 2 \cdot {amount}",
            ),
        ),
        height_steps=(step,),
        width_steps=(step,),
    )


@dataclass(frozen=True)
class _Window:
    """A window of `kernel` pixels that slides by `stride`, with Keras's padding."""

    kernel: int
    stride: int
    padding: str

    def output_side(self, side: int) -> int:
        """Positions of the window along a side."""
        if self.padding == "same":
            return -(-side // self.stride)
        return (side - self.kernel) // self.stride + 1

    def padded(self, side: int) -> tuple[int, int]:
        """Pixels that are added before and after, the smaller half in front."""
        if self.padding == "valid":
            return 0, 0
        total = max((self.output_side(side) - 1) * self.stride + self.kernel - side, 0)
        return total // 2, total - total // 2

    def step(self, side: int) -> SpatialStep:
        """How the outputs look at the inputs along a side."""
        return SpatialStep(self.kernel, self.stride, self.padded(side)[0])

    def output_shape(self, layer: Layer, shape: Shape, channels: int) -> Shape:
        """The output's shape, or the sentence that says the window does not fit."""
        height, width, _ = shape
        if self.padding == "valid" and min(height, width) < self.kernel:
            remedy = (
                "Remove this pooling"
                if isinstance(layer, Pool)
                else f"Use a smaller kernel, or same padding (leave out ':valid' in {layer})"
            )
            raise ArchitectureError(
                f"Without padding a window of {self.kernel} x {self.kernel} needs at least "
                f"{self.kernel} pixels a side. Received: {format_shape(shape)}. "
                f"{remedy}, or shrink less before it."
            )
        return (self.output_side(height), self.output_side(width), channels)

    def formula(self, shape: Shape, out: Shape) -> Formula:
        """The output's size as Keras computes it."""
        kernel, stride = self.kernel, self.stride
        if self.padding == "same":
            return _sides_formula(
                shape,
                out,
                lambda side: (
                    f"⌈{side} / {stride}⌉",
                    rf"\left\lceil \frac{{{side}}}{{{stride}}} \right\rceil",
                ),
            )
        return _sides_formula(
            shape,
            out,
            lambda side: (
                f"⌊({side} − {kernel}) / {stride}⌋ + 1",
                rf"\left\lfloor \frac{{{side} - {kernel}}}{{{stride}}} \right\rfloor + 1",
            ),
        )

    def textbook(self, shape: Shape, out: Shape) -> tuple[Formula | None, str]:
        """The formula ((W - K + 2P)/S + 1)² · C, and where it differs from Keras, why.

        Source: the formula of the homework that this laboratory grew from; Dumoulin & Visin,
        "A guide to convolution arithmetic for deep learning", 2016. P is half of K - 1 for
        "same" padding and 0 for "valid".
        """
        side_in, width_in, _ = shape
        if side_in != width_in:
            return None, "The textbook formula is for square images: apply it to each side."
        kernel, stride, channels = self.kernel, self.stride, out[2]
        pad = Fraction(kernel - 1, 2) if self.padding == "same" else Fraction(0)
        side = (side_in - kernel + 2 * pad) / stride + 1
        said_pad, said_side, said_size = map(_decimal, (pad, side, side**2 * channels))
        formula = Formula(
            f"(({side_in} − {kernel} + 2·{said_pad})/{stride} + 1)² · {channels} "
            f"= {said_side}² · {channels} = {said_size}",
            _latex_lines(
                rf"\left(\frac{{{side_in} - {kernel} + 2 \cdot {said_pad}}}{{{stride}}} + 1"
                rf"\right)^2 \cdot {channels}",
                rf"= {said_side}^2 \cdot {channels} = {_latex(said_size)}",
            ),
        )
        before, after = self.padded(side_in)
        note = ""
        if side != out[0]:
            how = (
                f"pads {before} before and {after} after, and gets {out[0]}"
                if self.padding == "same"
                else f"rounds down to {out[0]}: the last pixels are not covered"
            )
            note = f"The textbook gives {said_side} a side; Keras {how}."
        elif before != after:
            note = f"P = {said_pad} is a mean: Keras pads {before} before and {after} after."
        return formula, note


def _sides_formula(
    shape: Shape, out: Shape, side_formula: Callable[[int], tuple[str, str]]
) -> Formula:
    """``⌈32 / 2⌉ = 16, so 16 × 16 × 8 = 2,048``; height and width apart where they differ."""
    sides = (
        [(shape[0], out[0])] if shape[0] == shape[1] else [(shape[0], out[0]), (shape[1], out[1])]
    )
    names = [""] if len(sides) == 1 else ["height ", "width "]
    written = [(name, *side_formula(n), m) for name, (n, m) in zip(names, sides, strict=True)]
    text = ", ".join(f"{name}{plain} = {m}" for name, plain, _, m in written)
    latex = r",\ ".join(
        (rf"\text{{{name}}}" if name else "") + f"{typeset} = {m}"
        for name, _, typeset, m in written
    )
    product = " × ".join(f"{side:,}" for side in out)
    typeset_product = r" \times ".join(_latex_number(side) for side in out)
    size = math.prod(out)
    return Formula(
        f"{text}, so {product} = {size:,}",
        _latex_lines(latex, f"{typeset_product} = {_latex_number(size)}"),
    )


def _decimal(value: Fraction) -> str:
    """A fraction as people write it: whole where it is whole, else two decimals at most."""
    if value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{float(value):,.2f}".rstrip("0").rstrip(".")


def _latex_number(value: int) -> str:
    """Thousands separators that LaTeX does not take for punctuation."""
    return _latex(f"{value:,}")


def _latex(number: str) -> str:
    """The same for a number that is already text."""
    return number.replace(",", "{,}")


def _latex_lines(*lines: str) -> str:
    """Centred lines below each other, so that a formula fits a narrow column."""
    return r"\begin{gathered} " + r" \\ ".join(lines) + r" \end{gathered}"


def _next_multiple(value: int, of: int) -> int:
    """The smallest multiple of `of` that is at least `value`."""
    return -(-value // of) * of


def measure_skip(layer: Concatenate | Add, shape: Shape, marked: Shape) -> Measure:
    """Concatenation or sum of the current and the remembered tensor."""
    if isinstance(layer, Add):
        if shape != marked:
            raise ArchitectureError(
                f"add needs two tensors of one shape. Received: {format_shape(shape)} here and "
                f"{format_shape(marked)} at @{layer.name}. "
                f"Make them equal, or use cat@{layer.name}."
            )
        return unchanged(shape, "sum")
    if len(shape) != len(marked) or shape[:-1] != marked[:-1]:
        raise ArchitectureError(
            "cat needs two tensors of one height and width. Received: "
            f"{format_shape(shape)} here and {format_shape(marked)} at @{layer.name}. "
            "Put it where the sizes meet, for example behind an up."
        )
    out = (*shape[:-1], shape[-1] + marked[-1])
    return Measure(
        out,
        Formula(
            f"{shape[-1]} + {marked[-1]} = {out[-1]} channels, so {format_shape(out)} "
            f"= {math.prod(out):,}",
            rf"{shape[-1]} + {marked[-1]} = {out[-1]}\ \text{{channels}},\quad "
            rf"{_latex_number(math.prod(out))}\ \text{{numbers}}",
        ),
    )
