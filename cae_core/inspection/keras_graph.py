"""The graph of a Keras model, with the networks in it, as layers in place.

Every operation that moves numbers is described by the architecture's layer of that kind, so that
receptive fields and sizes are computed by one set of rules. Importing this module does not import
Keras; opening a model does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cae_core.architecture.formulas import Shape
from cae_core.architecture.layers import (
    AveragePool,
    Conv,
    Dense,
    DepthwiseConv,
    Layer,
    MaxPool,
    Shuffle,
    Unshuffle,
    Up,
)
from cae_core.architecture.shapes import Measure, unchanged

if TYPE_CHECKING:
    import keras

# Operations of which each output depends on the numbers at its own place alone.
_PLACE_BY_PLACE = {
    "Activation", "Add", "BatchNormalization", "Cast", "Concatenate", "Dropout", "GatedDifference",
    "GatedLumaColor", "Identity", "Multiply", "ReLU", "Relu", "ScaledSoftplus", "SpatialDropout2D",
    "Subtract", "TrueDivide",
}  # fmt: skip
# Operations of which each output depends on the whole map.
_OF_THE_WHOLE = {"Flatten", "GlobalAveragePooling2D"}
# The architecture's layers of the others, but for dense ones, which are of both kinds.
_LAYERS: dict[str, Callable[[Any], Layer]] = {
    "Conv2D": lambda of: Conv(of.filters, **_window(of), dilation=_side(of.dilation_rate)),
    "DepthwiseConv2D": lambda of: DepthwiseConv(**_window(of)),
    "MaxPooling2D": lambda of: MaxPool(_side(of.pool_size), _side(of.strides), of.padding),
    "AveragePooling2D": lambda of: AveragePool(_side(of.pool_size), _side(of.strides), of.padding),
    "UpSampling2D": lambda of: Up(_side(of.size), of.interpolation),
    "PixelShuffle": lambda of: Shuffle(of.factor),
    "PixelUnshuffle": lambda of: Unshuffle(of.factor),
}


@dataclass(frozen=True)
class GraphNode:
    """An operation in place, as `receptive_field.Reader` asks for it.

    Attributes:
        index: Its place, counted from 1.
        inputs: The places that it reads; 0 is the model's first input, -1 its second.
        layer: The architecture's layer of its kind; None where there is none.
        measure: Its arithmetic.
    """

    index: int
    inputs: tuple[int, ...]
    layer: Layer | None
    measure: Measure


@dataclass(frozen=True, eq=False)
class Weighted:
    """A layer with a kernel in a graph.

    Attributes:
        node: The layer in place.
        keras_layer: Keras's layer.
        read: The tensor that it reads.
        made: The tensor that it makes.
    """

    node: GraphNode
    keras_layer: Any
    read: Any
    made: Any

    @property
    def kind(self) -> str:
        """What Keras calls it: ``Conv2D``."""
        return type(self.keras_layer).__name__


class KerasGraph:
    """A Keras model called once more, with the tensors that its weighted layers read and make.

    Args:
        model: A functional model, which may hold others.
        shapes: Shape of each of its inputs, without the batch.

    Attributes:
        nodes: The operations, in an order in which none reads a later one.
        weighted: Those that have a kernel, in the same order.
        model: From the model's inputs to its outputs, and then to what every weighted layer reads
            and what it makes, in turn.

    Raises:
        TypeError: Where an operation is of a kind that has no rule here.
    """

    def __init__(self, model: keras.Model, shapes: Sequence[Shape]) -> None:
        import keras

        self.nodes: list[GraphNode] = []
        self.weighted: list[Weighted] = []
        inputs = [keras.Input(shape) for shape in shapes]
        # Tensors with their places; they are kept, so that no other gets the identity of one.
        self._places = {id(tensor): (-place, tensor) for place, tensor in enumerate(inputs)}
        # The layers themselves are called once more: nothing is copied.
        again = keras.models.clone_model(
            model,
            input_tensors=inputs if isinstance(model.input, list) else inputs[0],
            clone_function=lambda operation: operation,
            call_function=self._call,
        )
        taps = [tensor for layer in self.weighted for tensor in (layer.read, layer.made)]
        self._outputs = again.outputs
        self.model = keras.Model(inputs, [*again.outputs, *taps])

    def _call(self, operation: Any, *arguments: Any, **options: Any) -> Any:
        """Calls an operation and notes it."""
        import keras

        if isinstance(operation, keras.Model):
            return self._call_network(operation, keras.tree.flatten(arguments))
        made = operation(*arguments, **options)
        read = [each for each in keras.tree.flatten(arguments) if id(each) in self._places]
        layer, measure = _described(operation, read[0].shape[1:], made.shape[1:])
        node = GraphNode(len(self.nodes) + 1, tuple(map(self._place, read)), layer, measure)
        self.nodes.append(node)
        self._places[id(made)] = (node.index, made)
        if hasattr(operation, "kernel"):
            self.weighted.append(Weighted(node, operation, read[0], made))
        return made

    def _call_network(self, network: keras.Model, read: list[Any]) -> Any:
        """Calls a network in the network; its operations become this graph's."""
        inner = KerasGraph(network, [tensor.shape[1:] for tensor in read])
        before = len(self.nodes)
        outside = [self._place(tensor) for tensor in read]

        def place(inside: int) -> int:
            return inside + before if inside > 0 else outside[-inside]

        self.nodes += [
            replace(node, index=node.index + before, inputs=tuple(map(place, node.inputs)))
            for node in inner.nodes
        ]
        tensors = inner.model(read)
        count = len(inner._outputs)
        outputs, taps = tensors[:count], tensors[count:]
        for layer, tapped, made in zip(inner.weighted, taps[::2], taps[1::2], strict=True):
            node = self.nodes[layer.node.index + before - 1]
            self.weighted.append(Weighted(node, layer.keras_layer, tapped, made))
        for within, output in zip(inner._outputs, outputs, strict=True):
            self._places[id(output)] = (place(inner._place(within)), output)
        return outputs[0] if count == 1 else outputs

    def _place(self, tensor: Any) -> int:
        """The place of the operation that made a tensor."""
        return self._places[id(tensor)][0]


def _described(operation: Any, read: Shape, made: Shape) -> tuple[Layer | None, Measure]:
    """The architecture's layer of an operation's kind, and its arithmetic."""
    kind = type(operation).__name__
    if kind in _LAYERS:
        layer = _LAYERS[kind](operation)
        return layer, layer.measure(read)
    if kind == "Dense":
        measure = replace(unchanged(made), sees_everything=len(read) == 1)
        return Dense(operation.units, operation.activation.__name__), measure
    if kind in _OF_THE_WHOLE:
        return None, replace(unchanged(made), sees_everything=True)
    if kind in _PLACE_BY_PLACE:
        return None, unchanged(made)
    raise TypeError(f"No rule for what an operation of this kind reads. Received: {kind}.")


def _window(keras_layer: Any) -> dict[str, Any]:
    """What convolutions have in common."""
    return {
        "kernel": _side(keras_layer.kernel_size),
        "stride": _side(keras_layer.strides),
        "padding": keras_layer.padding,
        "activation": keras_layer.activation.__name__,
    }


def _side(sides: tuple[int, int]) -> int:
    """The side of a square."""
    (side,) = set(sides)
    return side
