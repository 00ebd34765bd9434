"""A trained network that no architecture text describes, as the list of its Keras layers.

Importing this module does not import Keras; taking a network apart does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from cae_core.architecture.formulas import Shape
from cae_core.inspection.arithmetic import Arithmetic, Box, box_at, written_out
from cae_core.inspection.keras_graph import KerasGraph, Weighted

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class WeightedLayer:
    """A layer with a kernel.

    Attributes:
        name: Its name in the network.
        kind: What Keras calls it: ``Conv2D``.
        kernel: (height, width, input channels, output channels); None where the layer looks at
            a vector.
        reads_input: Whether it comes first in the network, with nothing but an image before it.
    """

    name: str
    kind: str
    kernel: np.ndarray | None
    reads_input: bool


class Passed(NamedTuple):
    """One image on its way through a layer: float32 (H, W, C) or (n,).

    Attributes:
        read: What the layer reads.
        made: What it makes.
    """

    read: np.ndarray
    made: np.ndarray


class LayeredNetwork:
    """A trained network, to be looked into layer by layer.

    Args:
        model: The network, which may hold others.
        shapes: Shape of each of its inputs, without the batch; the first is the image.

    Example:
        >>> from cae_core import zoo
        >>> network = LayeredNetwork(zoo.load("judge-mnist"), [(28, 28, 1)])
        >>> network.layers[0].name, network.layers[0].kernel.shape
        ('layer_1_conv', (3, 3, 1, 32))
        >>> passed = network.passed([np.zeros((1, 28, 28, 1), np.float32)])
        >>> passed[0].made.shape
        (28, 28, 32)
        >>> network.input_box(1, 10, 10)
        (9, 9, 11, 11)
    """

    def __init__(self, model: keras.Model, shapes: Sequence[Shape]) -> None:
        self._graph = KerasGraph(model, shapes)
        self.image_shape = shapes[0]
        self.layers = tuple(
            WeightedLayer(each.keras_layer.name, each.kind, _kernel(each), place == 0)
            for place, each in enumerate(self._graph.weighted)
        )

    def passed(self, inputs: Sequence[np.ndarray]) -> list[Passed]:
        """What every layer reads and makes for one image.

        Args:
            inputs: What the network takes in, (1, ...) each.

        Returns:
            One per layer of `layers`.
        """
        tensors: Any = self._graph.model(list(inputs), training=False)
        taps = [np.asarray(each, np.float32)[0] for each in tensors[-2 * len(self.layers) :]]
        return [Passed(*pair) for pair in zip(taps[::2], taps[1::2], strict=True)]

    def input_box(self, number: int, row: int, column: int) -> Box | None:
        """The part of the image that one number of a layer can depend on.

        Args:
            number: The layer's place in `layers`, counted from 1.
            row: The pixel's row; 0 for a vector.
            column: Its column; 0 for a vector.

        Returns:
            As `arithmetic.input_box`.
        """
        place = self._graph.weighted[number - 1].node.index
        return box_at(self._graph.nodes, place, self.image_shape, row, column)

    def arithmetic(self, number: int, passed: Passed, place: tuple[int, ...]) -> Arithmetic:
        """Writes out one number of a layer's output.

        Args:
            number: The layer's place in `layers`, counted from 1.
            passed: What it reads and makes.
            place: Row, column and channel of the number, or its position in a vector.
        """
        layer = self._graph.weighted[number - 1]
        found = written_out(layer.node, layer.keras_layer, [passed.read], place)
        assert found is not None  # noqa: S101 - every layer with a kernel is a weighted sum
        return found


def _kernel(layer: Weighted) -> np.ndarray | None:
    """A layer's weights as (height, width, input channels, output channels)."""
    kernel = np.asarray(layer.keras_layer.kernel, np.float32)
    if kernel.ndim != 4:
        return None
    # Keras has the channels of this kind all in the third place.
    return kernel.transpose(0, 1, 3, 2) if layer.kind == "DepthwiseConv2D" else kernel
