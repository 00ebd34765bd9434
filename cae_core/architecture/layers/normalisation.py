"""Layers that keep the shape: batch normalisation, dropout, rounding noise, activations."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cae_core.architecture.formulas import Shape
from cae_core.architecture.layers.base import (
    ACTIVATIONS,
    KerasCall,
    Layer,
    choice,
    number,
    rate,
    register,
)
from cae_core.architecture.shapes import Measure, unchanged


@register
@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation, channel by channel."""

    keyword = "bn"
    title = "Batch normalisation"

    def measure(self, shape: Shape) -> Measure:
        return replace(
            unchanged(shape),
            parameters=4 * shape[-1],
            parameters_formula=f"4 · {shape[-1]:,}: scale, shift, running mean, running variance",
        )

    def keras_call(self) -> KerasCall:
        # Keras's 0.99 needs about a thousand steps until the averages are those of the images.
        # Trainings here are often shorter, and would be tested with what is left of the start.
        return KerasCall("BatchNormalization", {"momentum": 0.9})


@register
@dataclass(frozen=True)
class Dropout(Layer):
    """Sets a part of the numbers to zero, others at every step; in training alone."""

    keyword = "dropout"
    title = "Dropout"
    keeps_range = True
    rate: float = rate("", low=0.001, high=0.99, example=0.2)

    def measure(self, shape: Shape) -> Measure:
        return unchanged(shape)

    def keras_call(self) -> KerasCall:
        return KerasCall("Dropout", {"rate": self.rate}, ("seed",))


@register
@dataclass(frozen=True)
class RoundingNoise(Layer):
    """Noise as large as rounding to so many bits; in training alone, for a latent to be rounded."""

    keyword = "rounding"
    title = "Rounding noise"
    keeps_range = True
    bits: int = number("", high=16, example=4)

    def measure(self, shape: Shape) -> Measure:
        return unchanged(shape)

    def keras_call(self) -> KerasCall:
        return KerasCall("RoundingNoise", {"bits": self.bits}, ("seed",), is_own=True)


@register
@dataclass(frozen=True)
class Activation(Layer):
    """An activation on its own, written by its name alone: ``relu``."""

    keyword = "activation"
    title = "Activation"
    function: str = choice(ACTIVATIONS, "relu")

    @property
    def output_activation(self) -> str:
        return self.function

    def __str__(self) -> str:
        return self.function

    def measure(self, shape: Shape) -> Measure:
        return unchanged(shape)

    def keras_call(self) -> KerasCall:
        return KerasCall("Activation", {"activation": self.function})
