"""The arithmetic that layers share: windows that slide, maps that grow or get a border.

Everything here follows Keras: ``same`` gives ``ceil(W / S)``, ``valid`` gives
``floor((W - K) / S) + 1``. The textbook formula ``((W - K + 2P) / S + 1)² · C`` stands beside
it, with a word where the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from cae_core.architecture.formulas import (
    Formula,
    Shape,
    Symbol,
    format_shape,
    input_side,
    size_formula,
)
from cae_core.errors import ArchitectureError
from cae_core.formats import format_size

TEXTBOOK = "((W − K + 2P)/S + 1)² · C"


@dataclass(frozen=True)
class SpatialStep:
    """The input positions that output positions depend on, along one axis.

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


# The steps of one layer along height and along width, in the order in which they are taken.
Steps = tuple[tuple[SpatialStep, ...], tuple[SpatialStep, ...]]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """The arithmetic of one layer on one input shape.

    Attributes:
        output_shape: Shape of the output, without the batch.
        formula: The output's size as Keras computes it, numbers put in.
        textbook: The textbook formula, where the layer has one.
        textbook_note: The reason where the textbook and Keras differ; else empty.
        parameters: Weights, batch normalisation's running statistics included.
        parameters_formula: Their count, numbers put in; empty where there are none.
        macs: Multiply-accumulates for one image (convolutions and dense layers only).
        macs_formula: Their count, numbers put in; empty where there are none.
        steps: The neighbourhoods along height and width; empty where each output pixel depends
            on the input pixel at its place alone.
        sees_everything: True where every output depends on the whole input.
    """

    output_shape: Shape
    formula: Formula
    textbook: Formula | None = None
    textbook_note: str = ""
    parameters: int = 0
    parameters_formula: str = ""
    macs: int = 0
    macs_formula: str = ""
    steps: Steps = ((), ())
    sees_everything: bool = False


def unchanged(shape: Shape, why: str = "unchanged") -> Measure:
    """A layer that keeps its input's shape."""
    return Measure(output_shape=shape, formula=Formula(f"{why}: {format_shape(shape)}"))


def enlarged(shape: Shape, factor: int, channels: int, step: SpatialStep | None = None) -> Measure:
    """A layer that multiplies height and width; by default each pixel becomes a block."""
    out = (shape[0] * factor, shape[1] * factor, channels)
    step = step or SpatialStep(factor, factor, 0, transposed=True)
    return Measure(
        output_shape=out,
        formula=size_formula(
            shape,
            out,
            lambda side: f"{side} · {factor}",
            "W · F",
            Symbol("F", str(factor), "factor"),
        ),
        steps=((step,), (step,)),
    )


def bordered(shape: Shape, pixels: int) -> Measure:
    """A layer that adds a border, or takes one away where `pixels` is negative."""
    out = (shape[0] + 2 * pixels, shape[1] + 2 * pixels, shape[2])
    sign = "+" if pixels > 0 else "−"
    step = SpatialStep(1, 1, pixels)
    return Measure(
        output_shape=out,
        formula=size_formula(
            shape,
            out,
            lambda side: f"{side} {sign} 2 · {abs(pixels)}",
            f"W {sign} 2 · P",
            Symbol("P", str(abs(pixels)), "pixels on each side"),
        ),
        steps=((step,), (step,)),
    )


@dataclass(frozen=True)
class Window:
    """A window of `kernel` pixels a side that slides by `stride`, with Keras's padding."""

    kernel: int
    stride: int
    padding: str

    def output_shape(self, shape: Shape, channels: int) -> Shape:
        """The output's shape, of `channels` channels.

        Raises:
            ArchitectureError: Where the window is larger than the map and nothing is padded.
        """
        if self.padding == "valid" and min(shape[:2]) < self.kernel:
            raise ArchitectureError(
                f"Without padding a window of {format_size(self.kernel, self.kernel)} needs at "
                f"least {self.kernel} pixels a side. Received: {format_shape(shape)}."
            )
        return self.output_side(shape[0]), self.output_side(shape[1]), channels

    def measure(self, shape: Shape, channels: int) -> Measure:
        """A layer that puts such a window over a map, as `output_shape`."""
        out = self.output_shape(shape, channels)
        textbook, note = self._textbook(shape, out)
        return Measure(
            output_shape=out,
            formula=size_formula(
                shape, out, self._side_formula, self._general, *self._symbols(out[2])
            ),
            textbook=textbook,
            textbook_note=note,
            steps=((self.step(shape[0]),), (self.step(shape[1]),)),
        )

    def output_side(self, side: int) -> int:
        """Positions of the window along a side."""
        if self.padding == "same":
            return -(-side // self.stride)
        return (side - self.kernel) // self.stride + 1

    def step(self, side: int) -> SpatialStep:
        """The step of this window along a side of the input."""
        return SpatialStep(self.kernel, self.stride, self._padded(side)[0])

    def _padded(self, side: int) -> tuple[int, int]:
        """Pixels that are added before and after, the smaller half in front."""
        if self.padding == "valid":
            return 0, 0
        total = max((self.output_side(side) - 1) * self.stride + self.kernel - side, 0)
        return total // 2, total - total // 2

    def _side_formula(self, side: int) -> str:
        """Positions of the window along a side, as Keras counts them."""
        if self.padding == "same":
            return f"⌈{side} / {self.stride}⌉"
        return f"⌊({side} − {self.kernel}) / {self.stride}⌋ + 1"

    @property
    def _general(self) -> str:
        """`_side_formula` with letters."""
        return "⌈W / S⌉" if self.padding == "same" else "⌊(W − K) / S⌋ + 1"

    def _symbols(self, channels: int) -> tuple[Symbol, ...]:
        """The letters of the textbook formula but W and P."""
        return (
            Symbol("K", str(self.kernel), "side of the window"),
            Symbol("S", str(self.stride), "stride"),
            Symbol("C", str(channels), "channels"),
        )

    def _textbook(self, shape: Shape, out: Shape) -> tuple[Formula | None, str]:
        """The formula ((W - K + 2P)/S + 1)² · C, and where it differs from Keras, why.

        Source: the homework of `architecture.presets.SOURCES`; Dumoulin & Visin, "A guide to
        convolution arithmetic for deep learning", 2016. P is half of K - 1 for "same" padding
        and 0 for "valid".
        """
        side_in, width_in, _ = shape
        if side_in != width_in:
            return None, "The textbook formula is for square images: apply it to each side."
        kernel, stride, channels = self.kernel, self.stride, out[2]
        pad = Fraction(kernel - 1, 2) if self.padding == "same" else Fraction(0)
        side = (side_in - kernel + 2 * pad) / stride + 1
        said_pad, said_side, said_size = map(_decimal, (pad, side, side**2 * channels))
        window, *others = self._symbols(channels)
        formula = Formula(
            f"(({side_in} − {kernel} + 2·{said_pad})/{stride} + 1)² · {channels} "
            f"= {said_side}² · {channels} = {said_size}",
            TEXTBOOK,
            (input_side(shape), window, Symbol("P", said_pad, "padding on each side"), *others),
        )
        before, after = self._padded(side_in)
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


def _decimal(value: Fraction) -> str:
    """A fraction as people write it: whole where it is whole, else two decimals at most."""
    if value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{float(value):,.2f}".rstrip("0").rstrip(".")
