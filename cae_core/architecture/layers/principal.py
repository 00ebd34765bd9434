"""Affine maps between an image and a vector, made to start at the principal components."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from cae_core.architecture.formulas import Formula, Shape, format_shape, product
from cae_core.architecture.layers.base import KerasCall, Layer, choice, number, register
from cae_core.architecture.layers.dense import MAX_UNITS
from cae_core.architecture.shapes import Measure
from cae_core.errors import ArchitectureError


@register
@dataclass(frozen=True)
class Pca(Layer):
    """A map as a vector, by one affine map: a recipe can start it at the principal components.

    With `even` the weights are mirror-symmetric: `even` components stay and the others change
    their sign when the image is mirrored left to right, as the principal components of
    photographs and their mirror images do. Half of each component then determines the other.
    """

    keyword: ClassVar[str] = "pca"
    title: ClassVar[str] = "Principal components"
    units: int = number("", high=MAX_UNITS, example=64)
    even: int | None = number("m", high=MAX_UNITS, default=None)

    def measure(self, shape: Shape) -> Measure:
        width = self.check_map(shape)[1]
        if self.even is not None and (width % 2 or self.even >= self.units):
            raise ArchitectureError(
                "Mirror-symmetric components need an even width and at least one odd component. "
                f"Received: {self} on {format_shape(shape)}."
            )
        size = math.prod(shape)
        weights = self.weights(size)
        symmetry = "" if self.even is None else " / 2"
        count = f"{size:,} · {self.units:,}{symmetry} weights"
        return Measure(
            output_shape=(self.units,),
            formula=Formula(f"{self.units:,} units"),
            parameters=weights + self.units,
            parameters_formula=f"{count} + {self.units:,} biases",
            macs=weights,
            macs_formula=count,
            sees_everything=True,
        )

    def weights(self, size: int) -> int:
        """Weights without the biases, for a map of `size` numbers."""
        return (size if self.even is None else size // 2) * self.units

    def keras_call(self) -> KerasCall:
        arguments = {"units": self.units, "even": self.even}
        return KerasCall("PrincipalProjection", arguments, ("seed",), is_own=True)


@register
@dataclass(frozen=True)
class Unpca(Layer):
    """Back from the last pca's vector to a map of the shape it had, with as many weights.

    With ``tied`` the weights are those of that pca, transposed; only the biases are its own.
    """

    keyword: ClassVar[str] = "unpca"
    title: ClassVar[str] = "Back from principal components"
    weights: str = choice(("own", "tied"), "own")

    def invert(self, shape: Shape, pca: Pca | None, map_shape: Shape) -> Measure:
        """The arithmetic of this layer, as `measure` for a layer that another one determines.

        Args:
            shape: Shape of the current tensor.
            pca: The last pca before this layer; None where there is none.
            map_shape: (H, W, C) of what that pca gets.
        """
        if pca is None or shape != (pca.units,):
            needed = "no pca before it" if pca is None else f"{pca} before it"
            raise ArchitectureError(
                "unpca takes a vector as long as that of the pca before it. "
                f"Received: {format_shape(shape)} here and {needed}."
            )
        size = math.prod(map_shape)
        macs = pca.weights(size)
        own = 0 if self.weights == "tied" else macs
        symmetry = "" if pca.even is None else " / 2"
        count = f"{pca.units:,} · {size:,}{symmetry} weights"
        return Measure(
            output_shape=map_shape,
            formula=Formula(f"{product(map_shape)} = {size:,}"),
            parameters=own + size,
            parameters_formula=f"{f'{count} + ' if own else ''}{size:,} biases",
            macs=macs,
            macs_formula=count,
            sees_everything=True,
        )

    def keras_call(self) -> KerasCall:
        arguments = {"tied": self.weights == "tied"}
        return KerasCall("PrincipalReconstruction", arguments, ("seed",), is_own=True)
