"""The network as a diagram: a block for every tensor from input to output."""

from __future__ import annotations

import html
import math

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.report import Report, Row
from cae_ui.common.wording import pixel_size

ENCODER_COLOR, LATENT_COLOR, DECODER_COLOR = "#0f766e", "#f59e0b", "#6366f1"
INPUT_COLOR, PROBLEM_COLOR = "#94a3b8", "#dc2626"
MOST_ON_A_PHONE = 11  # blocks that fit 390 pixels with their labels; more scroll sideways

_DIAGRAM_STYLE = """
<style>
.cae-network { display: flex; overflow-x: auto; padding: 0.5rem 0; font-size: 0.66rem; }
.cae-network .place { flex: 1 0 2.1rem; min-width: 0; text-align: center; }
.cae-network.many .place { flex-basis: 3.4rem; }
.cae-network .room { height: 15rem; display: flex; flex-direction: column; align-items: center;
  justify-content: center; }
.cae-network .block { border-radius: 2px; min-width: 2px; min-height: 2px; flex-shrink: 1; }
.cae-network span { white-space: nowrap; opacity: 0.75; line-height: 1.1rem; }
</style>
"""


def network_diagram(report: Report) -> str:
    """The tensors from input to output as blocks whose areas are their sizes, as HTML.

    The block of a feature map is as high as the map, that of a vector is a square. HTML and not a
    chart, so that labels keep their size on a phone and a first visitor need not wait for Plotly.
    """
    latent = len(report.architecture.encoder)
    shape: Shape = report.architecture.input_shape
    tensors = [("input", shape, INPUT_COLOR, _hover("input", shape, None))]
    for row in report.rows:
        color = ENCODER_COLOR if row.index < latent else DECODER_COLOR
        if row.problem:
            color = PROBLEM_COLOR
        elif row.index == latent:
            color = LATENT_COLOR
        tensors.append(
            (row.token, row.output_shape, color, _hover(row.token, row.output_shape, row))
        )
    tallest = max(_block(shape)[0] for _, shape, _, _ in tensors)
    widest = max(_block(shape)[1] for _, shape, _, _ in tensors)
    columns = []
    for number, (token, shape, color, hover) in enumerate(tensors):
        height, width = _block(shape)
        size = f"height:{100 * height / tallest:.2f}%;width:{90 * width / widest:.2f}%"
        name = html.escape(token.partition(":")[0])
        columns.append(
            f'<div class="place" title="{html.escape(hover)}"><div class="room">'
            f"<span>{_shape_label(shape)}</span>"
            f'<div class="block" style="{size};background:{color}"></div>'
            f"<span>{f'<b>{name}</b>' if number == latent else name}</span></div></div>"
        )
    crowd = " many" if len(columns) > MOST_ON_A_PHONE else ""
    return f'{_DIAGRAM_STYLE}<div class="cae-network{crowd}">{"".join(columns)}</div>'


def _block(shape: Shape) -> tuple[float, float]:
    """Height and width of a tensor's block, whose area is the tensor's size."""
    size = math.prod(shape)
    height = shape[0] if len(shape) == 3 else math.sqrt(size)
    return float(height), size / height


def _shape_label(shape: Shape) -> str:
    """A shape in few characters: 32²×8 for 32x32x8."""
    if len(shape) == 3 and shape[0] == shape[1]:
        return f"{shape[0]}²×{shape[2]}"
    return "×".join(str(side) for side in shape)


def _hover(token: str, shape: Shape, row: Row | None) -> str:
    """The text shown when a block is pointed at."""
    lines = [token, f"{format_shape(shape)} = {math.prod(shape):,} numbers"]
    if row is not None:
        lines.append(f"{row.parameters:,} parameters")
        lines.append(f"Receptive field {pixel_size(row.receptive_field)}")
        if row.problem:
            lines.append(row.problem)
    return "\n".join(lines)
