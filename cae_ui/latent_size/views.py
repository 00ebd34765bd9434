"""Views of an architecture's arithmetic: verdict, image, table, comparison, copies."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

import streamlit as st

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.report import Report, Row
from cae_ui.common.messages import plain

ENCODER_COLOR, LATENT_COLOR, DECODER_COLOR = "#0f766e", "#f59e0b", "#6366f1"
MOST_ON_A_PHONE = 11  # blocks that fit 390 pixels with their labels; more scroll sideways
INPUT_COLOR, PROBLEM_COLOR = "#94a3b8", "#dc2626"

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
_TABLE_STYLE = """
<style>
.cae-table { font-size: 0.9rem; overflow-x: auto; border: 1px solid
  color-mix(in srgb, currentColor 18%, transparent); border-radius: 0.5rem; }
.cae-table .body { min-width: 34rem; }
.cae-row { display: grid; column-gap: 0.75rem; padding: 0.45rem 0.75rem; align-items: baseline;
  grid-template-columns: 1.6rem minmax(8.5rem, 2fr) minmax(5.5rem, 1.2fr) 4.5rem 5rem 5.5rem 4.5rem;
  font-variant-numeric: tabular-nums; }
.cae-row > :nth-child(n+4) { text-align: right; }
.cae-head { font-weight: 600; opacity: 0.75; font-size: 0.8rem; }
.cae-table details, .cae-table .line { border-top: 1px solid
  color-mix(in srgb, currentColor 12%, transparent); }
.cae-table summary { cursor: pointer; list-style: none; }
.cae-table summary::-webkit-details-marker { display: none; }
.cae-table summary:hover, .cae-table summary:focus-visible {
  background: color-mix(in srgb, currentColor 7%, transparent); }
.cae-table .token { font-family: "Source Code Pro", ui-monospace, monospace; }
.cae-table .token::before { content: "▸"; display: inline-block; width: 1rem; opacity: 0.6; }
.cae-table details[open] .token::before { content: "▾"; }
.cae-table .plain .token::before { content: ""; }
.cae-table .formula { padding: 0.2rem 0.75rem 0.7rem 3.6rem; line-height: 1.6; }
.cae-table .formula span { opacity: 0.7; display: inline-block; min-width: 6.5rem; }
.cae-table .code { background: color-mix(in srgb, #f59e0b 16%, transparent); }
.cae-table .problem { color: #dc2626; padding: 0 0.75rem 0.5rem 3.6rem; font-weight: 500; }
.cae-table .wrong .token { color: #dc2626; }
@media (prefers-color-scheme: dark) { .cae-table .problem, .cae-table .wrong .token
  { color: #f87171; } }
</style>
"""


def show_verdict(report: Report) -> None:
    """The answer in one line, the main figures, and the warnings."""
    if report.problems:
        st.markdown("### :red[This network cannot be built yet]")
    else:
        size, _, ratio = report.verdict.rpartition(", ")
        tone = "green" if report.compression_ratio > 1 else "orange"
        st.markdown(f"### {size.capitalize()}, :{tone}[{ratio}]")
        _show_figures(report)
    for problem in report.problems:
        st.error(plain(problem), icon=":material/error:")
    for warning in () if report.problems else report.warnings:
        st.warning(plain(warning), icon=":material/warning:")


def _show_figures(report: Report) -> None:
    """What a network costs and sees."""
    figures = [
        ("Parameters", f"{report.parameters:,}"),
        ("Multiply-adds", _short(report.macs)),
        ("A latent pixel sees", format_shape(report.latent_receptive_field)),
        ("Smallest tensor", f"{report.smallest.size:,}"),
    ]
    with st.container(horizontal=True, gap="medium"):
        for label, value in figures:
            st.metric(label, value, width="content")


def network_diagram(report: Report) -> str:
    """The tensors from input to output as blocks whose areas are their sizes, as HTML.

    A map's block is as high as the map; a vector's block is a square. HTML and not a chart,
    so that labels keep their size on a phone, and a first visitor need not wait for Plotly.
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


def layer_table(report: Report, *, open_formulas: bool = False) -> str:
    """The layers as an HTML table whose rows open to show their formulas."""
    latent = len(report.architecture.encoder)
    head = _cells(
        "cae-row cae-head plain",
        "",
        "Layer",
        "Output",
        "Numbers",
        "Parameters",
        "Mult.-adds",
        "Sees",
    )
    shape = report.architecture.input_shape
    first = _cells(
        "cae-row plain line", "", "input", format_shape(shape), f"{math.prod(shape):,}", "", "", ""
    )
    rows = [
        _details(
            row,
            is_latent=row.index == latent,
            opened=open_formulas,
            output_problem=report.output_problem if row.index == len(report.rows) else None,
        )
        for row in report.rows
    ]
    total = _cells(
        "cae-row cae-head plain line",
        "",
        "Total",
        "",
        "",
        f"{report.parameters:,}",
        _short(report.macs),
        "",
    )
    body = f"{head}{first}{''.join(rows)}{total}"
    return f'{_TABLE_STYLE}<div class="cae-table"><div class="body">{body}</div></div>'


def comparison_table(reports: Sequence[tuple[str, Report]]) -> list[dict[str, str]]:
    """The main figures of several architectures, a column each."""
    lines = {
        "Latent": lambda r: f"{format_shape(r.latent_shape)} = {r.latent_size:,}",
        "Input / latent": lambda r: f"{r.compression_ratio:.2f}",
        "Smallest tensor": lambda r: f"{r.smallest.size:,} ({r.smallest.token})",
        "Parameters": lambda r: f"{r.parameters:,}",
        "Multiply-adds per image": lambda r: f"{r.macs:,}",
        "A latent pixel sees": lambda r: _pixels(r.latent_receptive_field),
        "An output pixel sees": lambda r: _pixels(r.receptive_field),
        "Activations, batch of 128": lambda r: f"{128 * r.activation_bytes / 2**20:,.1f} MiB",
        "Can be built": lambda r: "no" if r.problems else "yes",
    }
    return [
        {"": name, **{title: value(report) for title, report in reports}}
        for name, value in lines.items()
    ]


def table_csv(report: Report) -> str:
    """The layer table as CSV, one line a layer."""
    head = "index,part,layer,output,numbers,parameters,macs,receptive_field,formula,textbook"
    lines = [
        f"{row.index},{row.part},{row.token},{format_shape(row.output_shape)},{row.size},"
        f"{row.parameters},{row.macs},{format_shape(row.receptive_field)},"
        f'"{row.formula.text}","{row.textbook.text if row.textbook else ""}"'
        for row in report.rows
    ]
    return "\n".join([head, *lines]) + "\n"


def show_formula(row: Row) -> None:
    """One layer's size with the numbers put in, typeset once somebody opens it.

    Typesetting is a large part of what a browser loads: a first visitor need not wait for it.
    """
    if row.problem:
        st.error(plain(row.problem), icon=":material/error:")
        return
    formula = st.expander(f"Formula of layer {row.index}", on_change="rerun", key="formula")
    if formula.open:
        with formula:
            _typeset(row)


def _typeset(row: Row) -> None:
    """Keras's formula and the textbook's."""
    st.markdown(f"**Output size of `{row.token}`**, as Keras computes it")
    st.latex(row.formula.latex)
    if row.textbook is not None:
        st.markdown("and by the textbook's ((W − K + 2P)/S + 1)² · C")
        st.latex(row.textbook.latex)
    if row.textbook_note:
        st.caption(row.textbook_note)


def _details(row: Row, *, is_latent: bool, opened: bool, output_problem: str | None) -> str:
    """One layer: a line of the table that opens to its formulas."""
    summary = _cells(
        "cae-row" + (" latent" if is_latent else "") + (" wrong" if row.problem else ""),
        str(row.index),
        row.token + (" ← latent" if is_latent else ""),
        "—" if row.problem else format_shape(row.output_shape),
        "" if row.problem else f"{row.size:,}",
        f"{row.parameters:,}" if row.parameters else "",
        _short(row.macs) if row.macs else "",
        "" if row.problem else format_shape(row.receptive_field),
        tag="summary",
    )
    lines = [("Keras", row.formula.text)]
    if row.textbook is not None:
        lines.append(("Textbook", row.textbook.text))
    if row.textbook_note:
        lines.append(("", row.textbook_note))
    if row.parameters:
        lines.append(("Parameters", f"{row.parameters_formula} = {row.parameters:,}"))
    formulas = "".join(f"<div><span>{name}</span>{html.escape(text)}</div>" for name, text in lines)
    problem = row.problem or output_problem
    said = f'<div class="problem">{html.escape(problem)}</div>' if problem else ""
    is_open = " open" if opened else ""
    return f'<details{is_open}>{summary}<div class="formula">{formulas}</div></details>{said}'


def _cells(css: str, *texts: str, tag: str = "div") -> str:
    """One line of the table."""
    cells = "".join(
        f'<span class="token">{html.escape(text)}</span>'
        if place == 1
        else f"<span>{html.escape(text)}</span>"
        for place, text in enumerate(texts)
    )
    return f'<{tag} class="{css}">{cells}</{tag}>'


def _block(shape: Shape) -> tuple[float, float]:
    """Height and width of a tensor's block; the area is the number of numbers."""
    size = math.prod(shape)
    height = shape[0] if len(shape) == 3 else math.sqrt(size)
    return float(height), size / height


def _hover(token: str, shape: Shape, row: Row | None) -> str:
    """What a block says when it is pointed at."""
    lines = [token, f"{format_shape(shape)} = {math.prod(shape):,} numbers"]
    if row is not None:
        lines.append(f"{row.parameters:,} parameters, sees {_pixels(row.receptive_field)}")
    if row is not None and row.problem:
        lines.append(row.problem)
    return "\n".join(lines)


def _shape_label(shape: Shape) -> str:
    """A shape in few characters: 32²×8 for 32x32x8."""
    if len(shape) == 3 and shape[0] == shape[1]:
        return f"{shape[0]}²×{shape[2]}"
    return "×".join(str(side) for side in shape)


def _pixels(field: tuple[int, int]) -> str:
    """A receptive field for people."""
    return f"{field[0]} × {field[1]} px"


def _short(number: int) -> str:
    """A large number in four characters or so."""
    for limit, unit in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if number >= limit:
            return f"{number / (1000 if unit == 'k' else limit):.3g} {unit}"
    return f"{number:,}"
