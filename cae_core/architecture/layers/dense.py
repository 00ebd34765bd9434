"""Vectors: flatten, dense, reshape."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cae_core.architecture.formulas import Formula, Shape, format_shape, product
from cae_core.architecture.layers.base import (
    ACTIVATIONS,
    MAX_CHANNELS,
    MAX_SIDE,
    KerasCall,
    Layer,
    choice,
    number,
    register,
)
from cae_core.architecture.shapes import Measure
from cae_core.errors import ArchitectureError

MAX_UNITS = 65_536


@register
@dataclass(frozen=True)
class Flatten(Layer):
    """A map as one long vector."""

    keyword = "flatten"
    title = "Flatten"
    keeps_range = True

    def measure(self, shape: Shape) -> Measure:
        size = math.prod(shape)
        return Measure(
            output_shape=(size,),
            formula=Formula(f"{product(shape)} = {size:,}"),
            sees_everything=True,
        )

    def keras_call(self) -> KerasCall:
        return KerasCall("Flatten")


@register
@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer: every number sees every number."""

    keyword = "dense"
    title = "Dense"
    units: int = number("", high=MAX_UNITS, example=128)
    activation: str = choice(ACTIVATIONS, "relu")

    def measure(self, shape: Shape) -> Measure:
        if len(shape) != 1:
            raise ArchitectureError(
                f"A dense layer works on a vector. Received: a map of {format_shape(shape)}."
            )
        weights = shape[0] * self.units
        return Measure(
            output_shape=(self.units,),
            formula=Formula(f"{self.units:,} units"),
            parameters=weights + self.units,
            parameters_formula=f"{shape[0]:,} · {self.units:,} weights + {self.units:,} biases",
            macs=weights,
            macs_formula=f"{shape[0]:,} · {self.units:,} weights",
            sees_everything=True,
        )

    def keras_call(self) -> KerasCall:
        return KerasCall("Dense", dict(vars(self)), ("kernel_initializer",))


@register
@dataclass(frozen=True)
class Reshape(Layer):
    """A vector as a map: height × width × channels."""

    keyword = "reshape"
    title = "Reshape"
    keeps_range = True
    height: int = number("", high=MAX_SIDE, example=8)
    width: int = number("x", high=MAX_SIDE, example=8)
    channels: int = number("x", high=MAX_CHANNELS, example=16)

    def measure(self, shape: Shape) -> Measure:
        out, size = (self.height, self.width, self.channels), math.prod(shape)
        if math.prod(out) != size:
            raise ArchitectureError(
                f"A reshape keeps the number of numbers, {size:,} here. Received: "
                f"{format_shape(out)} = {math.prod(out):,}."
            )
        # A rearranged vector has no neighbourhoods left to follow: everything may matter.
        formula = Formula(f"{size:,} = {product(out)}")
        return Measure(output_shape=out, formula=formula, sees_everything=True)

    def keras_call(self) -> KerasCall:
        return KerasCall("Reshape", {"target_shape": (self.height, self.width, self.channels)})
