"""Max and average pooling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cae_core.architecture.formulas import Shape
from cae_core.architecture.layers.base import (
    PADDINGS,
    KerasCall,
    Layer,
    choice,
    number,
    register,
)
from cae_core.architecture.shapes import Measure, Window


@dataclass(frozen=True)
class _Pool(Layer):
    """A window, and a stride that equals it unless given."""

    size: int = number("", high=16, default=2)
    stride: int | None = number("s", high=16, default=None)
    padding: str = choice(PADDINGS, "valid")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stride == self.size:
            # One spelling for one layer: pool2s2 is pool2.
            object.__setattr__(self, "stride", None)

    @property
    def step(self) -> int:
        """The stride in pixels."""
        return self.stride or self.size

    @property
    def _window(self) -> Window:
        return Window(self.size, self.step, self.padding)

    def measure(self, shape: Shape) -> Measure:
        return self._window.measure(shape, self.check_map(shape)[2])

    def output_shape(self, shape: Shape) -> Shape:
        return self._window.output_shape(shape, self.check_map(shape)[2])

    def _arguments(self) -> dict[str, Any]:
        return {"pool_size": self.size, "strides": self.step, "padding": self.padding}


@register
@dataclass(frozen=True)
class MaxPool(_Pool):
    """The largest value of each window."""

    keyword = "pool"
    title = "Max pooling"
    keeps_range = True

    def keras_call(self) -> KerasCall:
        return KerasCall("MaxPooling2D", self._arguments())


@register
@dataclass(frozen=True)
class AveragePool(_Pool):
    """The mean of each window."""

    keyword = "avgpool"
    title = "Average pooling"
    keeps_range = True

    def keras_call(self) -> KerasCall:
        return KerasCall("AveragePooling2D", self._arguments())
