"""A trained network that no architecture text describes, as the list of its Keras layers.

Importing this module does not import Keras; taking a network apart does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

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


class LayeredNetwork:
    """A trained network, to be looked into layer by layer.

    Args:
        model: The network, which may hold others.

    Example:
        >>> from cae_core import zoo
        >>> network = LayeredNetwork(zoo.load("judge-mnist"))
        >>> network.layers[0].name, network.layers[0].kernel.shape
        ('layer_1_conv', (3, 3, 1, 32))
        >>> network.activations([np.zeros((1, 28, 28, 1), np.float32)])[0].shape
        (28, 28, 32)
    """

    def __init__(self, model: keras.Model) -> None:
        self._opened, layers = _opened(model)
        self.layers = tuple(
            WeightedLayer(layer.name, type(layer).__name__, _kernel(layer), place == 0)
            for place, layer in enumerate(layers)
        )

    def activations(self, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The output of every layer for one image.

        Args:
            inputs: What the network takes in, (1, ...) each.

        Returns:
            float32 arrays (H, W, C) or (n,), one per layer of `layers`.
        """
        outputs: Any = self._opened(list(inputs), training=False)
        return [np.asarray(output, np.float32)[0] for output in outputs[: len(self.layers)]]


def _opened(model: keras.Model) -> tuple[keras.Model, list[keras.layers.Layer]]:
    """A network with the outputs of all its layers that have a kernel, also of networks in it.

    Returns:
        The network, whose outputs are those of the layers and then its own; these layers, in the
        order of the graph.
    """
    import keras

    layers: list[keras.layers.Layer] = []
    tensors: list[Any] = []

    def call(layer: keras.layers.Layer, *args: Any, **options: Any) -> Any:
        if not isinstance(layer, keras.Model):
            output = layer(*args, **options)
            if hasattr(layer, "kernel"):
                layers.append(layer)
                tensors.append(output)
            return output
        inner, inner_layers = _opened(layer)
        given = args[0] if isinstance(args[0], list | tuple) else [args[0]]
        outputs = inner(list(given))
        layers.extend(inner_layers)
        tensors.extend(outputs[: len(inner_layers)])
        own = outputs[len(inner_layers) :]
        return own[0] if len(own) == 1 else own

    # The layers themselves, called once more: nothing is copied.
    copy = keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)
    return keras.Model(copy.inputs, [*tensors, *copy.outputs]), layers


def _kernel(layer: Any) -> np.ndarray | None:
    """A layer's weights as (height, width, input channels, output channels)."""
    kernel = np.asarray(layer.kernel, np.float32)
    if kernel.ndim != 4:
        return None
    # Keras has the channels of these two the other way round, or all in the third place.
    is_turned = type(layer).__name__ in ("Conv2DTranspose", "DepthwiseConv2D")
    return kernel.transpose(0, 1, 3, 2) if is_turned else kernel
