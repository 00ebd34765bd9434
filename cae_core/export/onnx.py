"""A Keras model as an ONNX file, converted by tf2onnx.

Mends what tf2onnx 1.17 lacks: GELU's error function, and transposed convolutions whose stride is
above their kernel. Importing this module imports neither Keras nor tf2onnx.
"""

from __future__ import annotations

import functools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cae_core.errors import ArchitectureError

if TYPE_CHECKING:
    import keras
    import onnx


def write_onnx(model: keras.Model, path: Path) -> None:
    """Writes a model as an ONNX file whose batch may have any size.

    The input is called as the model's, ``image``; the output ``output``, or ``output_0``,
    ``output_1`` where there are several.

    Args:
        model: A model that `build` returned, or a part of it made by `split`.
        path: The file to write.

    Raises:
        ArchitectureError: For a model without a fixed image size that has a layer which can be
            converted for a fixed size only.
    """
    import keras
    import onnx

    for layer in model.layers:
        if None in model.inputs[0].shape[1:] and _needs_fixed_size(layer):
            raise ArchitectureError(
                "Bilinear upsampling, and a padded max pooling or a transposed convolution whose "
                "stride is above its window, can be written as ONNX only where the images have "
                "one size. "
                f"Received: {layer.name}. Build the model without input_shape."
            )
    names = [f"output_{i}" for i in range(len(model.outputs))]
    if len(names) == 1:
        names = ["output"]
    named = keras.Model(model.inputs, dict(zip(names, model.outputs, strict=True)))
    signature = keras.tree.map_structure(
        lambda tensor: keras.InputSpec(shape=tensor.shape, dtype="float32", name=tensor.name),
        model.input,
    )
    _register_erfc()
    with warnings.catch_warnings():
        # Keras looks whether NumPy still has `np.object`, for the sake of tf2onnx.
        warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
        named.export(path, format="onnx", input_signature=[signature], verbose=False)
    converted = onnx.load(path)
    _mend_transposed_convolutions(converted.graph)
    onnx.save(converted, path)


def _needs_fixed_size(layer: keras.Layer) -> bool:
    """Whether Keras, tf2onnx or onnxruntime fails at a layer unless the image size is fixed."""
    kind = type(layer).__name__
    if kind == "MaxPooling2D":
        return layer.padding == "same" and layer.strides > layer.pool_size
    if kind == "Conv2DTranspose":
        return layer.strides > layer.kernel_size
    return kind == "UpSampling2D" and layer.interpolation == "bilinear"


@functools.cache
def _register_erfc() -> None:
    """Registers the complementary error function, of which Keras makes GELU, with tf2onnx."""
    from tf2onnx.handler import tf_op

    @tf_op("Erfc")
    class _Erfc:
        @classmethod
        def version_9(cls, graph: Any, node: Any, **_: Any) -> None:
            """erfc(x) = 1 - erf(x), from opset 9 on."""
            one = graph.make_const(f"{node.name}_one", np.float32(1.0))
            erf = graph.make_node("Erf", node.input)
            graph.remove_node(node.name)
            graph.make_node("Sub", [one.name, erf.output[0]], name=node.name, outputs=node.output)


def _mend_transposed_convolutions(graph: onnx.GraphProto) -> None:
    """Replaces padding by a negative number of pixels, which no runtime takes.

    Where the stride is above the kernel, the pixels that no kernel reaches lie behind the last
    one: ONNX calls them output padding.
    """
    from onnx import helper

    for node in graph.node:
        pads = next((each.ints for each in node.attribute if each.name == "pads"), [0])
        if node.op_type == "ConvTranspose" and min(pads) < 0:
            top, left, bottom, right = pads
            gap = [-top - bottom, -left - right]
            node.attribute.append(helper.make_attribute("output_padding", gap))
            pads[:] = [0, 0, 0, 0]
