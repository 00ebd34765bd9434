"""The network as a diagram: a block for every tensor from input to output, to be chosen from.

A component of Streamlit's second kind; its front end is the files ``network_diagram.*`` beside
this one. It is drawn without Plotly, so that labels keep their size on a phone and a first visitor
need not wait for a library.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.report import Report, Row
from cae_ui.common.wording import pixel_size

INPUT = "input"
# Kinds of blocks: their names in the legend, and their colours.
COLORS = {
    "input": "#64748b",
    "encoder": "#0f766e",
    "latent": "#d97706",
    "decoder": "#6366f1",
    "problem": "#dc2626",
}
KINDS = {
    "input": "Input",
    "encoder": "Encoder",
    "latent": "Latent",
    "decoder": "Decoder",
    "problem": "Cannot work",
}
_HERE = Path(__file__)
_component = st.components.v2.component(
    "cae_network_diagram",
    html=_HERE.with_suffix(".html").read_text(encoding="utf-8"),
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Block:
    """A tensor as it is drawn.

    Attributes:
        id: ``input``, or the position of the layer that makes it, counted from 0.
        name: The layer's name under the block.
        shape: The tensor's shape above it, in few characters.
        kind: A key of `KINDS`.
        is_vector: True for a tensor without height and width.
        height: Height of the block, from 0 to 1.
        width: Width of the block, from 0 to 1; height times width is the tensor's size.
        description: The text that is shown when it is pointed at, and read to who cannot see it.
    """

    id: str
    name: str
    shape: str
    kind: str
    is_vector: bool
    height: float
    width: float
    description: str


def network_diagram(
    report: Report,
    *,
    key: str,
    chosen: str | None = None,
    on_choose: Callable[[str], None] | None = None,
) -> None:
    """Shows the tensors of a network as blocks whose areas are their sizes.

    Args:
        report: The arithmetic of the network.
        key: Names the diagram in the app.
        chosen: The `Block.id` that is marked.
        on_choose: Called with the id of a block that a person clicks, or chooses with the arrow
            keys and Enter, before the page runs; None makes a diagram without choice.
    """

    def choose() -> None:
        block = st.session_state[key].get("choose")
        if on_choose is not None and block in {each.id for each in drawn}:
            on_choose(block)

    drawn = blocks(report)
    kinds = {block.kind for block in drawn}
    _component(
        key=key,
        data={
            "label": f"The network from input to output, {len(drawn)} tensors",
            "blocks": [asdict(block) for block in drawn],
            "chosen": chosen,
            "canChoose": on_choose is not None,
            "colors": COLORS,
            "legend": {kind: title for kind, title in KINDS.items() if kind in kinds},
        },
        on_choose_change=choose,
    )


def blocks(report: Report) -> list[Block]:
    """The blocks of a network, from input to output."""
    latent = len(report.architecture.encoder)
    shape: Shape = report.architecture.input_shape
    tensors: list[tuple[str, Shape, str, Row | None]] = [(INPUT, shape, "input", None)]
    for row in report.rows:
        kind = "latent" if row.index == latent else row.part
        kind = "problem" if row.problem else kind
        tensors.append((row.token, row.output_shape, kind, row))
    tallest = max(side for _, shape, _, _ in tensors if len(shape) == 3 for side in shape[:1])
    sizes = [_size(shape, tallest) for _, shape, _, _ in tensors]
    widest = max(width for _, width in sizes)
    return [
        Block(
            id=INPUT if row is None else str(row.index - 1),
            name=token.partition(":")[0],
            shape=_shape_label(shape),
            kind=kind,
            is_vector=len(shape) == 1,
            height=height / tallest,
            width=width / widest,
            description=_description(token, shape, kind, row),
        )
        for (token, shape, kind, row), (height, width) in zip(tensors, sizes, strict=True)
    ]


def _size(shape: Shape, tallest: int) -> tuple[float, float]:
    """Height and width of a tensor's block: a vector is as high as the highest map."""
    height = shape[0] if len(shape) == 3 else tallest
    return float(height), math.prod(shape) / height


def _shape_label(shape: Shape) -> str:
    """A shape in few characters: 32²×8 for 32x32x8."""
    if len(shape) == 3 and shape[0] == shape[1]:
        return f"{shape[0]}²×{shape[2]}"
    return "×".join(f"{side:,}" for side in shape)


def _description(token: str, shape: Shape, kind: str, row: Row | None) -> str:
    """A block in words."""
    name = "Input" if row is None else f"Layer {row.index}, {token}"
    name += ", the latent" if kind == "latent" else ""
    form = "vector of " if len(shape) == 1 else f"{format_shape(shape)} = "
    lines = [f"{name}: {form}{math.prod(shape):,} numbers"]
    if row is not None:
        lines.append(f"{row.parameters:,} parameters")
        lines.append(f"Receptive field {pixel_size(row.receptive_field)}")
        if row.problem:
            lines.append(row.problem)
    return "\n".join(lines)
