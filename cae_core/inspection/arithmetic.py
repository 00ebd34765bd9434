"""One number of a layer's output, written out: what it is computed from, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cae_core.architecture.layers import (
    Activation,
    Add,
    AveragePool,
    BatchNorm,
    Conv,
    Deconv,
    Dense,
    DepthwiseConv,
    Mark,
    MaxPool,
    Up,
)
from cae_core.architecture.receptive_field import Node, Reader, followed_back, walk
from cae_core.architecture.shapes import Steps
from cae_core.inspection.keras_graph import GraphNode
from cae_core.inspection.network import InspectedNetwork

# First row, first column, last row, last column, all inclusive.
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Arithmetic:
    """A number of a layer's output: a sum of products and a bias, then an activation.

    Attributes:
        patch: The numbers that it is computed from, (kh, kw, channels) of a map or (n,) of a
            vector; 0 where they lie in the padding.
        weights: Their weights, of the same shape; None where the largest number is taken.
        bias: What is added to the sum.
        total: The sum with the bias, or the largest number.
        activation: Name of the function applied to it; ``linear`` for none.
        value: The result.
        box: First row, first column, last row and last column of the patch in the layer's input,
            past its sides where it lies in the padding; None for a vector.
    """

    patch: np.ndarray
    weights: np.ndarray | None
    bias: float
    total: float
    activation: str
    value: float
    box: Box | None


def input_box(network: InspectedNetwork, index: int, row: int, column: int) -> Box | None:
    """The part of the image that one output pixel can depend on.

    Args:
        network: The network.
        index: The layer's place, counted from 1; 0 is the network's input.
        row: The pixel's row; 0 for a vector.
        column: Its column; 0 for a vector.

    Returns:
        First row, first column, last row and last column; None where it depends on nothing.
    """
    if index == 0:
        return row, column, row, column
    return box_at(walk(network.architecture), index, network.image_shape, row, column)


def box_at(
    nodes: Sequence[Reader], index: int, image_shape: Sequence[int], row: int, column: int
) -> Box | None:
    """`input_box` for layers in place, as `receptive_field.followed_back` takes them."""
    ends = []
    for axis, place in enumerate((row, column)):
        first, last = followed_back(nodes, index, image_shape[axis], axis=axis, clipped=True)
        ends.append((int(first[place]), int(last[place])))
    (top, bottom), (left, right) = ends
    return None if top > bottom or left > right else (top, left, bottom, right)


def arithmetic_of(
    network: InspectedNetwork,
    activations: Sequence[np.ndarray],
    index: int,
    place: tuple[int, ...],
) -> Arithmetic | None:
    """Writes out one number of a layer's output.

    Args:
        network: The network.
        activations: As `InspectedNetwork.activations` returns them.
        index: The layer's place, counted from 1.
        place: Row, column and channel of the number, or its position in a vector.

    Returns:
        The arithmetic; None for layers that only move numbers, and for those made of several.
    """
    node = walk(network.architecture)[index - 1]
    inputs = [activations[source] for source in node.inputs]
    if isinstance(node.layer, Mark):
        return None
    return written_out(node, network.keras_layer(index), inputs, place)


def written_out(
    node: Node | GraphNode, kept: Any, inputs: Sequence[np.ndarray], place: tuple[int, ...]
) -> Arithmetic | None:
    """Writes out one number of a layer's output from what the layer reads.

    Args:
        node: The layer in place.
        kept: The Keras layer that has its weights.
        inputs: The tensors that it reads, (H, W, C) or (n,).
        place: As for `arithmetic_of`.

    Returns:
        As `arithmetic_of`.
    """
    layer, steps, channel = node.layer, node.measure.steps, place[-1]
    if isinstance(layer, Dense):
        kernel, bias = _kernel_and_bias(kept)
        # Of a map, the layer takes every pixel by itself.
        return _sum(inputs[0][place[:-1]], kernel[:, channel], bias[channel], layer.activation)
    if isinstance(layer, Conv | Deconv | DepthwiseConv):
        return _convolution(layer, steps, kept, inputs[0], place)
    if isinstance(layer, MaxPool | AveragePool):
        patch, box, inside = _patch(steps, inputs[0][..., channel : channel + 1], place)
        if isinstance(layer, AveragePool):
            # Keras leaves the padding out of the mean.
            weights = np.broadcast_to(inside / inside.sum(), patch.shape)
            return _sum(patch, weights, 0.0, "linear", box)
        largest = float(patch[inside[..., 0]].max())
        return Arithmetic(patch, None, 0.0, largest, "linear", largest, box)
    if isinstance(layer, BatchNorm):
        gamma, beta, mean, variance = (float(each[channel]) for each in kept.get_weights())
        factor = gamma / np.sqrt(variance + kept.epsilon)
        return _pointwise([inputs[0]], place, [factor], beta - mean * factor)
    if isinstance(layer, Add):
        return _pointwise(inputs, place, [1.0, 1.0])
    if isinstance(layer, Activation):
        return _pointwise([inputs[0]], place, [1.0], activation=layer.function)
    if isinstance(layer, Up) and layer.interpolation == "nearest":
        patch, box, _ = _patch(steps, inputs[0][..., channel : channel + 1], place)
        return _sum(patch, np.ones_like(patch), 0.0, "linear", box)
    return None


def _kernel_and_bias(kept: Any) -> tuple[np.ndarray, np.ndarray]:
    """The weights of a Keras layer; a bias of 0 where it has none."""
    kernel, *biases = kept.get_weights()
    # One of the last two sides is the output's channels: which one, depends on the layer's kind.
    return kernel, biases[0] if biases else np.zeros(max(kernel.shape[-2:]))


def _convolution(
    layer: Conv | Deconv | DepthwiseConv,
    steps: Steps,
    kept: Any,
    tensor: np.ndarray,
    place: tuple[int, ...],
) -> Arithmetic:
    """A number of a convolution's output, whole, transposed or depthwise."""
    kernel, bias = _kernel_and_bias(kept)
    row, column, channel = place
    if isinstance(layer, DepthwiseConv):
        tensor = tensor[..., channel : channel + 1]
        kernel = kernel[:, :, channel : channel + 1, 0]
    elif isinstance(layer, Deconv):
        kernel = kernel[:, :, channel, :]
    else:
        kernel = kernel[..., channel]
    dilation = getattr(layer, "dilation", 1)
    patch, box, _ = _patch(steps, tensor, place, dilation)
    if isinstance(layer, Deconv):
        # Input i is written to outputs i·stride - offset + k: every input has its own k.
        rows, columns = (
            at + step.offset - step.stride * np.arange(first, last + 1)
            for at, (step,), first, last in zip((row, column), steps, box[:2], box[2:], strict=True)
        )
        kernel = kernel[np.ix_(rows, columns)]
    return _sum(patch, kernel, bias[channel], layer.activation, box)


def _patch(
    steps: Steps, tensor: np.ndarray, place: tuple[int, ...], dilation: int = 1
) -> tuple[np.ndarray, Box, np.ndarray]:
    """The part of a map that one output pixel reads.

    Returns:
        Its numbers (kh, kw, C), 0 in the padding; its box; which of its places lie inside the map,
        (kh, kw, 1).
    """
    (top, bottom), (left, right) = (
        tuple(int(each[0]) for each in step.inputs(np.array([at]), np.array([at])))
        for (step,), at in zip(steps, place[:2], strict=True)
    )
    rows, columns = np.arange(top, bottom + 1, dilation), np.arange(left, right + 1, dilation)
    height, width, _ = tensor.shape
    mask = ((rows >= 0) & (rows < height))[:, np.newaxis] & (columns >= 0) & (columns < width)
    values = tensor[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))]
    mask = mask[..., np.newaxis]
    return np.where(mask, values, np.float32(0)), (top, left, bottom, right), mask


def _pointwise(
    tensors: Sequence[np.ndarray],
    place: tuple[int, ...],
    weights: Sequence[float],
    bias: float = 0.0,
    activation: str = "linear",
) -> Arithmetic:
    """A number that is computed from those at its own place in one or two tensors."""
    patch = np.array([tensor[place] for tensor in tensors])
    box = (*place[:2], *place[:2]) if len(place) == 3 else None
    return _sum(patch, np.array(weights), bias, activation, box)


def _sum(
    patch: np.ndarray,
    weights: np.ndarray,
    bias: float,
    activation: str,
    box: Box | None = None,
) -> Arithmetic:
    """A weighted sum with its activation."""
    import keras

    total = float(np.sum(patch * weights, dtype=np.float64) + bias)
    value = float(keras.activations.get(activation)(np.float32(total)))
    return Arithmetic(patch, weights, float(bias), total, activation, value, box)
