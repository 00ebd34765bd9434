"""A model of `cae_core.models.builder` as an ONNX graph, layer by layer.

Written by hand because the converter that Keras calls (tf2onnx 1.17) makes graphs that no runtime
can load of GELU and of transposed convolutions whose stride is above their kernel.

ONNX holds maps as (B, C, H, W), Keras as (B, H, W, C): maps are transposed on the way in and out,
and where they become vectors or come from them. Needs the package onnx, which is imported only
where a graph is made; importing this module does not import Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from cae_core.errors import ArchitectureError

if TYPE_CHECKING:
    import keras
    import onnx

OPSET = 20  # the first with GELU
IR_VERSION = 9  # the file format of that time, so that runtimes from 2024 on can read it
TO_NCHW, TO_NHWC = [0, 3, 1, 2], [0, 2, 3, 1]
AUTO_PAD = {"same": "SAME_UPPER", "valid": "VALID"}
MAP_RANK = 4


def to_onnx(model: keras.Model) -> onnx.ModelProto:
    """The ONNX graph of a model: float32 (batch, height, width, channels) in and out.

    Args:
        model: What `build` returned, a saved copy of it, or the encoder of `split`.

    Returns:
        The graph with its weights, for any batch size. Its input is called as the model's,
        ``image``; its output ``output``, or ``output_0``, ``output_1`` where there are several.

    Raises:
        ArchitectureError: For a layer that `build` does not make, or a decoder of `split`.

    Example:
        >>> from cae_core.architecture.notation import Architecture
        >>> from cae_core.models.builder import build
        >>> graph = to_onnx(build(Architecture.parse("conv4 pool | conv3:sigmoid"))).graph
        >>> [node.op_type for node in graph.node]
        ['Transpose', 'Conv', 'Relu', 'MaxPool', 'Identity', 'Conv', 'Sigmoid', 'Transpose']
    """
    from onnx import helper

    graph = _Graph()
    names: dict[int, str] = {}  # Keras tensor -> its ONNX name, maps as (B, C, H, W)
    for tensor in model.inputs:
        names[id(tensor)] = graph.node("Transpose", tensor.name, perm=TO_NCHW)
    for layer in model.layers:
        if type(layer).__name__ != "InputLayer":
            graph.scope = layer.name
            inputs = [_known(names, layer, tensor) for tensor in _as_list(layer.input)]
            names[id(layer.output)] = _write_layer(graph, layer, inputs)
    outputs = [f"output_{i}" for i in range(len(model.outputs))]
    if len(outputs) == 1:
        outputs = ["output"]
    for name, tensor in zip(outputs, model.outputs, strict=True):
        if len(tensor.shape) == MAP_RANK:
            graph.node("Transpose", names[id(tensor)], output=name, perm=TO_NHWC)
        else:
            graph.node("Identity", names[id(tensor)], output=name)
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            model.name,
            [_described(tensor.name, tensor) for tensor in model.inputs],
            [_described(name, tensor) for name, tensor in zip(outputs, model.outputs, strict=True)],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="CAE Lab",
        doc_string="Images are float32 in [0, 1], (batch, height, width, channels).",
    )


class _Graph:
    """The nodes and constants written so far; every name starts with the layer's."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.scope = "graph"

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds a node and returns the name of its output."""
        from onnx import helper

        output = output or f"{self.scope}/{len(self.nodes)}_{operator}"
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=f"{output}_node", **attributes)
        )
        return output

    def constant(self, array: Any) -> str:
        """Adds a constant and returns its name."""
        from onnx import numpy_helper

        name = f"{self.scope}/constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name


def _as_list(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, list | tuple) else [tensors]


def _known(names: dict[int, str], layer: Any, tensor: Any) -> str:
    """The name of a tensor that a layer reads."""
    if id(tensor) not in names:
        raise ArchitectureError(
            "Only a whole model or its encoder can be written as ONNX. Received: a model in which "
            f"{layer.name} reads a tensor of another one. Give the model that build made."
        )
    return names[id(tensor)]


def _described(name: str, tensor: Any) -> onnx.ValueInfoProto:
    """Name, type and shape of an input or output; sizes left open are called by their axis."""
    from onnx import TensorProto, helper

    axes = ("batch", "height", "width", "channels")
    shape = [axis if side is None else side for axis, side in zip(axes, tensor.shape, strict=False)]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


# One function for each Keras layer: its nodes are added, the name of its output is returned


def _write_layer(graph: _Graph, layer: Any, inputs: list[str]) -> str:
    kind = type(layer).__name__
    if kind not in _WRITERS:
        raise ArchitectureError(
            "Only layers of the architecture notation can be written as ONNX. "
            f"Received: {kind}. Use a model made by cae_core.build."
        )
    return _WRITERS[kind](graph, layer, *inputs)


def _convolution(
    graph: _Graph,
    x: str,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: int = 1,
    padding: str = "same",
) -> str:
    """A convolution with a Keras kernel."""
    # (kernel height, kernel width, in, out) -> (out, in, kernel height, kernel width)
    constants = [graph.constant(kernel.transpose(3, 2, 0, 1))]
    if bias is not None:
        constants.append(graph.constant(bias))
    return graph.node("Conv", x, *constants, strides=[stride, stride], auto_pad=AUTO_PAD[padding])


def _conv(graph: _Graph, layer: Any, x: str) -> str:
    x = _convolution(graph, x, *layer.get_weights(), stride=layer.strides[0], padding=layer.padding)
    return _activation(graph, layer, x)


def _strided_pointwise(graph: _Graph, layer: Any, x: str) -> str:
    x = _convolution(graph, x, *layer.get_weights(), stride=layer.stride)
    return _activation(graph, layer, x)


def _deconv(graph: _Graph, layer: Any, x: str) -> str:
    kernel, bias = layer.get_weights()
    size, stride = layer.kernel_size[0], layer.strides[0]
    surplus = max(size - stride, 0) if layer.padding == "same" else 0
    begin, end = surplus // 2, surplus - surplus // 2
    # A stride above the kernel leaves a gap behind the last window as well.
    gap = max(stride - size, 0)
    x = graph.node(
        "ConvTranspose",
        x,
        # (kernel height, kernel width, out, in) -> (in, out, kernel height, kernel width)
        graph.constant(kernel.transpose(3, 2, 0, 1)),
        graph.constant(bias),
        strides=[stride, stride],
        pads=[begin, begin, end, end],
        output_padding=[gap, gap],
    )
    return _activation(graph, layer, x)


def _average_pool(graph: _Graph, layer: Any, x: str) -> str:
    return _pool(graph, "AveragePool", x, layer.pool_size[0], layer.strides[0], layer.padding)


def _max_pool(graph: _Graph, layer: Any, x: str) -> str:
    size, stride = layer.pool_size[0], layer.strides[0]
    if layer.padding == "valid" or stride <= size:
        return _pool(graph, "MaxPool", x, size, stride, layer.padding)
    # onnxruntime 1.31 refuses padded max pooling where a stride above the window leaves pixels
    # over. So the maximum is taken at every pixel, and then every stride-th is kept.
    sides = layer.input.shape[1:3]
    if None in sides:
        raise ArchitectureError(
            "Padded max pooling with a stride above its window can be written as ONNX only where "
            f"the images have one size. Received: {layer.name}, window {size}, stride {stride}. "
            "Build the model without input_shape."
        )
    surpluses = [max((-(-side // stride) - 1) * stride + size - side, 0) for side in sides]
    starts = [(size - 1) // 2 - surplus // 2 for surplus in surpluses]
    x = _pool(graph, "MaxPool", x, size, 1, "same")
    return _slice(graph, x, starts, list(sides), stride)


def _pool(graph: _Graph, operator: str, x: str, size: int, stride: int, padding: str) -> str:
    """A pooling; what is padded counts neither in maxima nor in means.

    Always with auto_pad: onnxruntime 1.31 would merge a layer of zero padding in front with
    padding given in numbers, and the zeros would no longer count.
    """
    return graph.node(
        operator,
        x,
        kernel_shape=[size, size],
        strides=[stride, stride],
        auto_pad=AUTO_PAD[padding],
    )


def _slice(graph: _Graph, x: str, starts: list[int], ends: list[int], step: int = 1) -> str:
    """A part of every map."""
    values = (starts, ends, [2, 3], [step, step])
    return graph.node("Slice", x, *[graph.constant(np.array(each, np.int64)) for each in values])


def _up(graph: _Graph, layer: Any, x: str) -> str:
    scales = graph.constant(np.array([1, 1, *layer.size], np.float32))
    if layer.interpolation == "nearest":
        way = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return graph.node("Resize", x, "", scales, mode="nearest", **way)
    way = {"coordinate_transformation_mode": "half_pixel"}
    return graph.node("Resize", x, "", scales, mode="linear", **way)


def _batch_norm(graph: _Graph, layer: Any, x: str) -> str:
    # gamma, beta, moving mean, moving variance: the order of both Keras and ONNX
    constants = [graph.constant(weights) for weights in layer.get_weights()]
    return graph.node("BatchNormalization", x, *constants, epsilon=layer.epsilon)


def _activation(graph: _Graph, layer: Any, x: str) -> str:
    """The activation of a layer that has one."""
    name = layer.get_config()["activation"]
    if name == "linear":
        return x
    if name == "silu":
        return graph.node("Mul", x, graph.node("Sigmoid", x))
    operator, attributes = _ACTIVATIONS[name]
    return graph.node(operator, x, **attributes)


# Keras's own constants: leaky ReLU falls with a slope of 0.2, GELU is the exact one.
_ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "relu": ("Relu", {}),
    "sigmoid": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "elu": ("Elu", {"alpha": 1.0}),
    "gelu": ("Gelu", {"approximate": "none"}),
}


def _dense(graph: _Graph, layer: Any, x: str) -> str:
    x = graph.node("Gemm", x, *[graph.constant(weights) for weights in layer.get_weights()])
    return _activation(graph, layer, x)


def _flatten(graph: _Graph, layer: Any, x: str) -> str:
    if len(layer.input.shape) == MAP_RANK:
        x = graph.node("Transpose", x, perm=TO_NHWC)
    return graph.node("Flatten", x)


def _reshape(graph: _Graph, layer: Any, x: str) -> str:
    if len(layer.input.shape) == MAP_RANK:
        x = graph.node("Transpose", x, perm=TO_NHWC)
    shape = graph.constant(np.array([-1, *layer.target_shape], np.int64))
    return graph.node("Transpose", graph.node("Reshape", x, shape), perm=TO_NCHW)


def _pad(graph: _Graph, layer: Any, x: str) -> str:
    (top, bottom), (left, right) = layer.padding
    sizes = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
    return graph.node("Pad", x, graph.constant(sizes))


def _crop(graph: _Graph, layer: Any, x: str) -> str:
    (top, bottom), (left, right) = layer.cropping
    return _slice(graph, x, [top, left], [-bottom, -right])


def _concatenate(graph: _Graph, layer: Any, *tensors: str) -> str:
    return graph.node("Concat", *tensors, axis=1)


def _add(graph: _Graph, layer: Any, *tensors: str) -> str:
    return graph.node("Add", *tensors)


def _identity(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("Identity", x)


def _pixel_shuffle(graph: _Graph, layer: Any, x: str) -> str:
    # Channels are read as (row, column, channel): ONNX calls that DCR.
    return graph.node("DepthToSpace", x, blocksize=layer.factor, mode="DCR")


def _pixel_unshuffle(graph: _Graph, layer: Any, x: str) -> str:
    return graph.node("SpaceToDepth", x, blocksize=layer.factor)


def _blur(graph: _Graph, layer: Any, x: str) -> str:
    # One row above and one column to the left are repeated.
    sizes = graph.constant(np.array([0, 0, 1, 1, 0, 0, 0, 0], np.int64))
    return _pool(graph, "AveragePool", graph.node("Pad", x, sizes, mode="edge"), 2, 1, "valid")


def _sub_pixel(graph: _Graph, layer: Any, x: str) -> str:
    direction, gain, bias = layer.get_weights()
    length = np.sqrt(np.sum(np.square(direction), axis=(0, 1, 2)))
    kernel = direction * (gain / np.maximum(length, 1e-12))
    maps = graph.node("Relu", _convolution(graph, x, kernel, bias))
    return _pixel_shuffle(graph, layer, maps)


def _residual(graph: _Graph, layer: Any, x: str) -> str:
    main = _convolution(graph, x, *layer.first.get_weights(), stride=layer.stride)
    main = _activation(graph, layer, _batch_norm(graph, layer.first_norm, main))
    main = _convolution(graph, main, *layer.second.get_weights())
    main = _batch_norm(graph, layer.second_norm, main)
    shortcut = x
    if layer.projection is not None:
        shortcut = _convolution(graph, x, *layer.projection.get_weights(), stride=layer.stride)
        shortcut = _batch_norm(graph, layer.projection_norm, shortcut)
    return _activation(graph, layer, graph.node("Add", main, shortcut))


_WRITERS: dict[str, Callable[..., str]] = {
    "Activation": _activation,
    "Add": _add,
    "AveragePooling2D": _average_pool,
    "BatchNormalization": _batch_norm,
    "Blur": _blur,
    "Concatenate": _concatenate,
    "Conv2D": _conv,
    "Conv2DTranspose": _deconv,
    "Cropping2D": _crop,
    "Dense": _dense,
    "Flatten": _flatten,
    "Identity": _identity,
    "MaxPooling2D": _max_pool,
    "PixelShuffle": _pixel_shuffle,
    "PixelUnshuffle": _pixel_unshuffle,
    "Reshape": _reshape,
    "ResidualBlock": _residual,
    "StridedPointwise": _strided_pointwise,
    "SubPixelUpsampling": _sub_pixel,
    "UpSampling2D": _up,
    "ZeroPadding2D": _pad,
}
