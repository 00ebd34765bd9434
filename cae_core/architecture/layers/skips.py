"""Skip connections: a tensor is marked with a name, and brought back by it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from cae_core.architecture.formulas import Formula, Shape, format_shape
from cae_core.architecture.layers.base import KerasCall, Layer, mark_name, register
from cae_core.architecture.shapes import Measure, unchanged
from cae_core.errors import ArchitectureError


@register
@dataclass(frozen=True)
class Mark(Layer):
    """Remembers the tensor at this place under a name; no layer of the Keras model."""

    keyword = "mark"
    title = "Mark for a skip connection"
    keeps_range = True
    name: str = mark_name()

    def __str__(self) -> str:
        return f"@{self.name}"

    def measure(self, shape: Shape) -> Measure:
        return unchanged(shape, "remembered, unchanged")


@dataclass(frozen=True)
class Skip(Layer, ABC):
    """A layer that reads the current tensor and a marked one."""

    name: str = mark_name()

    @abstractmethod
    def merge(self, shape: Shape, marked: Shape) -> Measure:
        """The arithmetic of this layer, as `measure` for two tensors.

        Args:
            shape: Shape of the current tensor.
            marked: Shape of the marked one.
        """


@register
@dataclass(frozen=True)
class Concatenate(Skip):
    """Puts a marked tensor's channels behind the current ones."""

    keyword = "cat"
    title = "Skip connection: concatenate"

    def merge(self, shape: Shape, marked: Shape) -> Measure:
        if len(shape) != len(marked) or shape[:-1] != marked[:-1]:
            raise ArchitectureError(
                "cat needs two tensors of one height and width. Received: "
                f"{format_shape(shape)} here and {format_shape(marked)} at @{self.name}."
            )
        out = (*shape[:-1], shape[-1] + marked[-1])
        formula = Formula(
            f"{shape[-1]} + {marked[-1]} = {out[-1]} channels, "
            f"so {format_shape(out)} = {math.prod(out):,}"
        )
        return Measure(output_shape=out, formula=formula)

    def keras_call(self) -> KerasCall:
        return KerasCall("Concatenate")


@register
@dataclass(frozen=True)
class Add(Skip):
    """Adds a marked tensor to the current one."""

    keyword = "add"
    title = "Skip connection: add"

    def merge(self, shape: Shape, marked: Shape) -> Measure:
        if shape != marked:
            raise ArchitectureError(
                f"add needs two tensors of one shape. Received: {format_shape(shape)} here and "
                f"{format_shape(marked)} at @{self.name}."
            )
        return unchanged(shape, "sum")

    def keras_call(self) -> KerasCall:
        return KerasCall("Add")
