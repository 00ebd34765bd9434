"""The arithmetic of a whole architecture: sizes, parameters, work, receptive fields, warnings.

`analyze` returns a `Report` with a `Row` per layer. A layer that cannot work is reported at its
row; the rows after it are computed as if it were left out, so that the rest of the table stays
readable. `Report.remedies` are the smallest changes after which all of them can.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.layers import Layer, Mark, Skip
from cae_core.architecture.notation import Architecture
from cae_core.architecture.receptive_field import receptive_field, walk
from cae_core.architecture.shapes import Measure

if TYPE_CHECKING:
    from cae_core.architecture.remedies import Remedy

BYTES_PER_NUMBER = 4  # float32


@dataclass(frozen=True, kw_only=True)
class Row(Measure):
    """One layer of a `Report`: its arithmetic, and where it stands.

    Attributes:
        index: The layer's place, counted from 1.
        part: ``encoder`` or ``decoder``.
        layer: The layer itself; `token` is its text.
        input_shape: Shape of the input, without the batch.
        activation_bytes: Bytes of the float32 output at the report's batch size.
        receptive_field: Height and width of the input region that one output pixel can
            depend on; it may exceed the image.
        problem: The reason why this layer cannot work here; else None.
    """

    index: int
    part: str
    layer: Layer
    input_shape: Shape
    activation_bytes: int
    receptive_field: tuple[int, int]
    problem: str | None = None

    @property
    def token(self) -> str:
        """The layer as the architecture text writes it."""
        return str(self.layer)

    @property
    def size(self) -> int:
        """Numbers in the output."""
        return math.prod(self.output_shape)


@dataclass(frozen=True)
class Report:
    """The arithmetic of a whole architecture; see `analyze`.

    Attributes:
        architecture: The architecture analysed.
        rows: One per layer.
        batch_size: The batch that `activation_bytes` is for.
        wanted_shape: The shape wanted of the output.
        keeps_input: True where the input is given, by images for one: no remedy changes it.
    """

    architecture: Architecture
    rows: tuple[Row, ...]
    batch_size: int
    wanted_shape: Shape
    keeps_input: bool = False

    @property
    def input_size(self) -> int:
        """Numbers in the input."""
        return math.prod(self.architecture.input_shape)

    @property
    def latent_shape(self) -> Shape:
        """Shape of the latent."""
        return self.rows[len(self.architecture.encoder) - 1].output_shape

    @property
    def latent_size(self) -> int:
        """Numbers in the latent."""
        return math.prod(self.latent_shape)

    @property
    def compression_ratio(self) -> float:
        """Numbers in the input over numbers in the latent; below 1 nothing is compressed."""
        return self.input_size / self.latent_size

    @property
    def output_shape(self) -> Shape:
        """Shape of the decoder's output."""
        return self.rows[-1].output_shape

    @property
    def smallest(self) -> Row:
        """The row with the fewest numbers, the first of equals."""
        tensors = [row for row in self.rows if not isinstance(row.layer, Mark)]
        return min(tensors or self.rows, key=lambda row: row.size)

    @property
    def parameters(self) -> int:
        """Weights of the whole network."""
        return sum(row.parameters for row in self.rows)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the whole network for one image."""
        return sum(row.macs for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """Bytes of all layers' outputs at the report's batch size."""
        return sum(row.activation_bytes for row in self.rows)

    @property
    def receptive_field(self) -> tuple[int, int]:
        """Height and width of the input region that one output pixel can depend on."""
        return self.rows[-1].receptive_field

    @property
    def latent_receptive_field(self) -> tuple[int, int]:
        """Height and width of the input region that one pixel of the latent can depend on."""
        return self.rows[len(self.architecture.encoder) - 1].receptive_field

    @property
    def problems(self) -> tuple[str, ...]:
        """Every reason why the network cannot work, in the order of the layers.

        What helps is in `remedies`, and in `advice` as a sentence.
        """
        found = [
            f"Layer {row.index} ({row.token}): {row.problem}" for row in self.rows if row.problem
        ]
        return (*found, *([self.output_problem] if self.output_problem else []))

    @property
    def output_problem(self) -> str | None:
        """A sentence where the output has another shape than wanted; else None.

        None as well while a layer is left out: then the shape says nothing about the rest.
        """
        shape, wanted = self.output_shape, self.wanted_shape
        if shape == wanted or any(row.problem for row in self.rows):
            return None
        return f"The output must be {format_shape(wanted)}. Received: {format_shape(shape)}."

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The smallest changes after which there is no problem, each one tried."""
        from cae_core.architecture.remedies import find_remedies

        return find_remedies(self.architecture, self.wanted_shape if self.keeps_input else None)

    @property
    def advice(self) -> str:
        """A change that solves the problems, as a sentence; empty where there are none."""
        if not self.problems:
            return ""
        if not self.remedies:
            return "No change of a few layers makes it fit: start from a published network."
        return f"{self.remedies[0]}."

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about an architecture that can be built but may surprise."""
        return tuple(_warnings(self))

    @property
    def verdict(self) -> str:
        """The answer to "what is the size of the latent space?" in one line."""
        ratio = self.compression_ratio
        if ratio > 1:
            compared = f"{ratio:.1f} times smaller than the input"
        elif ratio == 1:
            compared = "as large as the input"
        else:
            compared = f"{1 / ratio:.2f} times LARGER than the input"
        is_map = len(self.latent_shape) > 1
        shape = f"{format_shape(self.latent_shape)} = " if is_map else ""
        return f"latent {shape}{self.latent_size:,} numbers, {compared}"


@functools.lru_cache(maxsize=256)
def analyze(
    architecture: Architecture, *, batch_size: int = 1, output_shape: Shape | None = None
) -> Report:
    """Computes sizes, parameters, work and receptive fields of an architecture.

    Args:
        architecture: Its layers need not fit each other: misfits are reported at their rows.
        batch_size: Images per batch, for the bytes of activations.
        output_shape: The shape wanted of the output, by default the input's. Where it is given,
            no remedy changes the input.

    Returns:
        The report.

    Example:
        >>> rep = analyze(Architecture.parse(
        ...     "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid"))
        >>> rep.latent_shape, rep.latent_size, rep.compression_ratio, rep.parameters
        ((8, 8, 16), 1024, 3.0, 4911)
        >>> rep.smallest.size, rep.smallest.token
        (768, 'pool')
        >>> rep.rows[0].textbook.text
        '((32 − 3 + 2·1)/1 + 1)² · 8 = 32² · 8 = 8,192'
    """
    rows = tuple(
        Row(
            **vars(node.measure),
            index=node.index,
            part="encoder" if node.index <= len(architecture.encoder) else "decoder",
            layer=node.layer,
            input_shape=node.input_shape,
            activation_bytes=math.prod(node.measure.output_shape) * BYTES_PER_NUMBER * batch_size,
            receptive_field=receptive_field(architecture, node.index),
            problem=node.problem,
        )
        for node in walk(architecture)
    )
    wanted = architecture.input_shape if output_shape is None else tuple(output_shape)
    return Report(architecture, rows, batch_size, wanted, keeps_input=output_shape is not None)


def _warnings(report: Report) -> list[str]:
    """The sentences of `Report.warnings`."""
    found = []
    ratio = report.compression_ratio
    if ratio < 1:
        found.append(
            f"This does not compress: the latent has {report.latent_size:,} numbers, "
            f"{1 / ratio:.2f} times more than the input's {report.input_size:,}."
        )
    elif ratio == 1:
        found.append(
            f"This does not compress: the latent has as many numbers as the input, "
            f"{report.input_size:,}."
        )
    smallest = report.smallest
    # An image that comes out smaller than the latent is no bottleneck.
    if smallest.size < report.latent_size and smallest.index < len(report.rows):
        found.append(
            f"The narrowest point is not the latent: layer {smallest.index} ({smallest.token}) has "
            f"{smallest.size:,} numbers, the latent {report.latent_size:,}."
        )
    crossing = crossing_marks(report.architecture)
    if crossing:
        names = ", ".join(f"@{name}" for name in crossing)
        found.append(
            f"The latent is not all that the decoder gets: {names} "
            "leads around it, so the latent's size says little about compression."
        )
    if is_channels_first(report.architecture.input_shape):
        first, height, width = report.architecture.input_shape
        found.append(
            f"The input is read as height × width × channels: {height} pixels wide and {width} "
            f"channels. Where {first} is the number of channels, begin with "
            f"{height}x{width}x{first}."
        )
    if last_activation(report.architecture) == "relu":
        found.append(
            "The output ends in ReLU, which cuts off below 0 and not above 1: "
            "end with :sigmoid for pixels."
        )
    return found


def is_channels_first(shape: Shape) -> bool:
    """Whether an input's shape looks like channels x height x width, as PyTorch has it.

    Example:
        >>> is_channels_first((1, 28, 28)), is_channels_first((28, 28, 1))
        (True, False)
    """
    first, height, width = shape
    sides = sorted((height, width))
    return first in (1, 3, 4) and sides[0] > 4 and 2 * sides[0] >= sides[1]


def last_activation(architecture: Architecture) -> str | None:
    """The activation whose range the output has; None where the last layers leave it open.

    Example:
        >>> last_activation(Architecture.parse("conv8 pool | up conv3:sigmoid crop1"))
        'sigmoid'
    """
    last = next((each for each in reversed(architecture.layers) if not each.keeps_range), None)
    return None if last is None else last.output_activation


def crossing_marks(architecture: Architecture) -> tuple[str, ...]:
    """The marks that the encoder sets and the decoder reads, in the order they are set.

    Example:
        >>> crossing_marks(Architecture.parse("conv8 @a pool | up cat@a conv3"))
        ('a',)
    """
    read = {layer.name for layer in architecture.decoder if isinstance(layer, Skip)}
    set_here = [layer.name for layer in architecture.encoder if isinstance(layer, Mark)]
    return tuple(name for name in set_here if name in read)
