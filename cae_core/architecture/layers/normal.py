"""The latent of a variational autoencoder: a normal distribution for every number."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cae_core.architecture.formulas import Formula, Shape, product
from cae_core.architecture.layers.base import KerasCall, Layer, number, register
from cae_core.architecture.layers.dense import MAX_UNITS
from cae_core.architecture.shapes import Measure


@register
@dataclass(frozen=True)
class Normal(Layer):
    """A normal distribution for every number: drawn from in training, afterwards its mean.

    Two affine maps give the mean and the logarithm of the variance of `units` numbers: of a
    vector, or at every pixel of a map. It ends the encoder of a variational autoencoder.
    """

    keyword = "normal"
    title = "Normal distribution"
    units: int = number("", high=MAX_UNITS, example=2)

    def measure(self, shape: Shape) -> Measure:
        out = self.output_shape(shape)
        channels, positions = shape[-1], math.prod(shape[:-1])
        weights = 2 * channels * self.units
        is_vector = len(shape) == 1
        size = f"{self.units:,} units" if is_vector else f"{product(out)} = {math.prod(out):,}"
        return Measure(
            output_shape=out,
            formula=Formula(size),
            parameters=weights + 2 * self.units,
            parameters_formula=(
                f"2 · {channels:,} · {self.units:,} weights + 2 · {self.units:,} biases: "
                "means and log variances"
            ),
            macs=positions * weights,
            sees_everything=is_vector,
        )

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.units)

    def keras_call(self) -> KerasCall:
        return KerasCall("NormalDistribution", {"units": self.units}, ("seed",), is_own=True)
