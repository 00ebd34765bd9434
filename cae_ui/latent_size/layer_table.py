"""The layers as a table whose rows open to show their formulas, and as a CSV file."""

from __future__ import annotations

import html
import math

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.report import Report, Row
from cae_core.formats import format_size
from cae_ui.common.wording import short_number

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
.cae-table .latent { background: color-mix(in srgb, #f59e0b 16%, transparent); }
.cae-table .problem { color: #dc2626; padding: 0 0.75rem 0.5rem 3.6rem; font-weight: 500; }
.cae-table .wrong .token { color: #dc2626; }
@media (prefers-color-scheme: dark) { .cae-table .problem, .cae-table .wrong .token
  { color: #f87171; } }
</style>
"""


def layer_table(report: Report, *, open_formulas: bool = False) -> str:
    """The layers as an HTML table, a row each that opens to its formulas.

    Args:
        report: The arithmetic of the network.
        open_formulas: Shows all rows opened.
    """
    latent = len(report.architecture.encoder)
    head = _cells(
        "cae-row cae-head plain",
        "",
        "Layer",
        "Output",
        "Numbers",
        "Parameters",
        "Mult.-adds",
        "Receptive field",
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
        short_number(report.macs),
        "",
    )
    body = f"{head}{first}{''.join(rows)}{total}"
    return f'{_TABLE_STYLE}<div class="cae-table"><div class="body">{body}</div></div>'


def _details(row: Row, *, is_latent: bool, opened: bool, output_problem: str | None) -> str:
    """A row of the table: a layer's figures, which open to its formulas, and its problem."""
    summary = _cells(
        "cae-row" + (" latent" if is_latent else "") + (" wrong" if row.problem else ""),
        str(row.index),
        row.token + (" ← latent" if is_latent else ""),
        "—" if row.problem else format_shape(row.output_shape),
        "" if row.problem else f"{row.size:,}",
        f"{row.parameters:,}" if row.parameters else "",
        short_number(row.macs) if row.macs else "",
        "" if row.problem else format_size(*row.receptive_field),
        tag="summary",
    )
    lines = [("Keras", row.formula.text)]
    if row.textbook is not None:
        lines.append(("Textbook", row.textbook.text))
    if row.textbook_note:
        lines.append(("", row.textbook_note))
    if row.parameters:
        lines.append(("Parameters", f"{row.parameters_formula} = {row.parameters:,}"))
    if row.macs:
        lines.append(("Mult.-adds", f"{row.macs_formula} = {row.macs:,}"))
    formulas = "".join(f"<div><span>{name}</span>{html.escape(text)}</div>" for name, text in lines)
    problem = row.problem or output_problem
    problem_html = f'<div class="problem">{html.escape(problem)}</div>' if problem else ""
    is_open = " open" if opened else ""
    details = f'<details{is_open}>{summary}<div class="formula">{formulas}</div></details>'
    return details + problem_html


def _cells(css: str, *texts: str, tag: str = "div") -> str:
    """One line of the table."""
    cells = "".join(
        f'<span class="token">{html.escape(text)}</span>'
        if place == 1
        else f"<span>{html.escape(text)}</span>"
        for place, text in enumerate(texts)
    )
    return f'<{tag} class="{css}">{cells}</{tag}>'


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
