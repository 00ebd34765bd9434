"""Layers in place: the tensors that each one reads, and the receptive field of its output.

`walk` puts every layer of an architecture into its place, so that its input's shape is known
and a misfit is found where it happens. `input_interval` and `receptive_field` follow output
positions back to the image. Source of the idea: Araujo, Norris & Sim, "Computing Receptive
Fields of Convolutional Neural Networks", Distill 2019; intervals are followed here instead of
their closed formula because they stay exact through upsampling and skip connections.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.layers import MAX_SIDE, Activation, Add, Layer, Mark, Pca, Skip, Unpca
from cae_core.architecture.notation import Architecture
from cae_core.architecture.shapes import Measure, unchanged
from cae_core.errors import ArchitectureError

# Four times the largest input: anything larger is a slip, and would not fit into memory.
MAX_OUTPUT_SIDE = 4 * MAX_SIDE


@dataclass(frozen=True)
class Node:
    """A layer in place: its input, its arithmetic, and the earlier tensors that it reads."""

    index: int
    layer: Layer
    input_shape: Shape
    inputs: tuple[int, ...]  # indices of the nodes it reads, 0 is the image
    measure: Measure
    problem: str | None = None


class Reader(Protocol):
    """What `followed_back` asks of a layer in place; a `Node` is one."""

    @property
    def index(self) -> int:
        """Its place, counted from 1."""

    @property
    def inputs(self) -> tuple[int, ...]:
        """The places that it reads, 0 is the image."""

    @property
    def measure(self) -> Measure:
        """Its arithmetic."""


@functools.lru_cache(maxsize=256)
def walk(architecture: Architecture) -> tuple[Node, ...]:
    """All layers in place; one that cannot work passes its input on and carries its problem."""
    nodes: list[Node] = []
    shape: Shape = architecture.input_shape
    marks: dict[str, tuple[int, Shape]] = {}
    for index, layer in enumerate(architecture.layers, start=1):
        inputs: tuple[int, ...] = (index - 1,)
        problem = None
        try:
            if isinstance(layer, Skip):
                source, marked_shape = _marked(layer, marks)
                _check_not_itself(layer, nodes, index - 1, source)
                result = layer.merge(shape, marked_shape)
                inputs = (index - 1, source)
            elif isinstance(layer, Unpca):
                result = layer.invert(shape, *_last_pca(nodes))
            else:
                result = layer.measure(shape)
            if isinstance(layer, Mark):
                _check_new_mark(layer, marks)
                marks[layer.name] = (index - 1, shape)
            _check_output_side(result.output_shape)
        except ArchitectureError as error:
            problem = str(error)
            result = unchanged(shape, "left out of the calculation")
        nodes.append(Node(index, layer, shape, inputs, result, problem))
        shape = result.output_shape
    return tuple(nodes)


def _last_pca(nodes: list[Node]) -> tuple[Pca | None, Shape]:
    """The last pca that works, and the shape of the map it gets."""
    for node in reversed(nodes):
        if isinstance(node.layer, Pca) and not node.problem:
            return node.layer, node.input_shape
    return None, ()


def _check_output_side(shape: Shape) -> None:
    """Refuses a map that is larger than any image."""
    if len(shape) == 3 and max(shape[:2]) > MAX_OUTPUT_SIDE:
        raise ArchitectureError(
            f"A layer's output has at most {MAX_OUTPUT_SIDE:,} pixels a side. "
            f"Received: {format_shape(shape)}."
        )


def _check_not_itself(layer: Skip, nodes: list[Node], here: int, source: int) -> None:
    """Refuses the sum of a tensor with itself.

    It only doubles, and TensorFlow's optimiser unfolds a chain of doublings into a sum of 2^n
    tensors, which takes a machine's whole memory.
    """
    if isinstance(layer, Add) and _origin(nodes, here) == _origin(nodes, source):
        raise ArchitectureError(
            "add brings back another tensor than the current one. "
            f"Received: {layer} with no layer since @{layer.name}."
        )


def _origin(nodes: list[Node], index: int) -> int:
    """The node that made a tensor, past marks and linear activations, which change nothing."""
    while index > 0 and (
        isinstance(nodes[index - 1].layer, Mark)
        or nodes[index - 1].layer == Activation("linear")
        or nodes[index - 1].problem
    ):
        index -= 1
    return index


def _check_new_mark(layer: Mark, marks: dict[str, tuple[int, Shape]]) -> None:
    """Refuses a name that is taken."""
    if layer.name in marks:
        raise ArchitectureError(
            f"Every mark has a name of its own. Received: {layer} a second time."
        )


def _marked(layer: Skip, marks: dict[str, tuple[int, Shape]]) -> tuple[int, Shape]:
    """The remembered tensor that a skip connection names."""
    if layer.name not in marks:
        known = ", ".join(f"@{name}" for name in marks) or "none"
        raise ArchitectureError(
            f"A skip connection names a mark that stands before it. Received: {layer}; "
            f"marks so far: {known}."
        )
    return marks[layer.name]


# Far outside every image. An empty interval is _FAR to -_FAR: its first lies above its last.
_FAR = 1 << 40


def input_interval(
    architecture: Architecture, index: int, *, axis: int = 0, clipped: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The input pixels that each output pixel of one layer can depend on, along one axis.

    Args:
        architecture: A valid architecture.
        index: The layer's place, counted from 1.
        axis: 0 for height, 1 for width.
        clipped: Leave out zero padding, the layers' own included: the rest is what an output
            can depend on, gaps of strides included. By default every tensor is taken to go on
            past its sides, as it does for an output far from them.

    Returns:
        First and last input position for every output position of the layer, both inclusive.
        Unless `clipped`, positions below 0 or past the image lie in the zero padding. An
        output that sees nothing has a last position below its first.

    Example:
        >>> first, last = input_interval(Architecture.parse("conv8 pool | up conv3"), 2)
        >>> int(first[0]), int(last[0])
        (-1, 2)
        >>> first, last = input_interval(
        ...     Architecture.parse("conv8 pool | up conv3"), 2, clipped=True)
        >>> int(first[0]), int(last[0])
        (0, 2)
    """
    side = architecture.input_shape[axis]
    return followed_back(walk(architecture), index, side, axis=axis, clipped=clipped)


def followed_back(
    nodes: Sequence[Reader], index: int, side: int, *, axis: int = 0, clipped: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """`input_interval` for layers in place, in an order in which none reads a later one.

    Args:
        nodes: The layers; the place of each is one more than its position.
        index: The layer's place, counted from 1.
        side: The image's height or width, in pixels.
        axis: 0 for height, 1 for width.
        clipped: As for `input_interval`.

    Returns:
        As `input_interval`.
    """
    shape = nodes[index - 1].measure.output_shape
    positions = np.arange(shape[axis] if len(shape) == 3 else 1)
    whole = (np.zeros_like(positions), np.full_like(positions, side - 1))
    pending = {index: (positions, positions)}
    for node in reversed(nodes[:index]):
        if node.index not in pending:
            continue
        if node.measure.sees_everything:
            return whole
        first, last = pending.pop(node.index)
        for step in reversed(node.measure.steps[axis]):
            if clipped:
                # Of several steps (a residual block) only the first changes the size.
                first, last = _clip(first, last, node.measure.output_shape[axis])
            empty = first > last
            first, last = step.inputs(first, last)
            empty |= first > last
            # Strides multiply: an end stays within _FAR, so that it can't overflow.
            first = np.where(empty, _FAR, np.maximum(first, -_FAR))
            last = np.where(empty, -_FAR, np.minimum(last, _FAR))
        for source in node.inputs:
            known = pending.get(source)
            pending[source] = (
                (first, last)
                if known is None
                else (np.minimum(known[0], first), np.maximum(known[1], last))
            )
    nothing = np.full_like(positions, _FAR), np.full_like(positions, -_FAR)
    found = pending.get(0, nothing)  # a layer may read another input than the image
    return _clip(*found, side) if clipped else found


def _clip(first: np.ndarray, last: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """The part of the intervals inside a tensor of `side` pixels."""
    first, last = np.maximum(first, 0), np.minimum(last, side - 1)
    return np.where(first > last, _FAR, first), np.where(first > last, -_FAR, last)


def receptive_field(architecture: Architecture, index: int) -> tuple[int, int]:
    """Height and width of the largest input region that an output pixel depends on."""
    return (
        _extent(input_interval(architecture, index, axis=0)),
        _extent(input_interval(architecture, index, axis=1)),
    )


def _extent(interval: tuple[np.ndarray, np.ndarray]) -> int:
    """The longest of the intervals; 0 where all are empty."""
    first, last = interval
    return max(0, int((last - first + 1).max()))
