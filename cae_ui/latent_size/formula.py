"""The arithmetic of the chosen layer: its letters, its output's size, its weights, its work."""

from __future__ import annotations

import html
import re

import streamlit as st

from cae_core.architecture.formulas import Formula, Symbol, format_shape
from cae_core.architecture.report import Row

_STYLE = """
<style>
.cae-formula { font-size: 0.95rem; line-height: 1.55; border-left: 3px solid
  color-mix(in srgb, currentColor 25%, transparent); padding-left: 0.9rem; }
.cae-formula h3 { font-size: 1.05rem; font-weight: 600; margin: 0 0 0.25rem; padding: 0; }
.cae-formula .letters { display: flex; flex-wrap: wrap; gap: 0 1.1rem; margin: 0; padding: 0;
  list-style: none; }
.cae-formula .letters li, .cae-formula .letters p { margin: 0; }
.cae-formula dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.1rem 1rem;
  margin: 0.3rem 0 0; padding: 0; font-variant-numeric: tabular-nums; }
.cae-formula dt { margin: 0; padding: 0; opacity: 0.8; font-weight: 400; }
.cae-formula dd { margin: 0; padding: 0; overflow-wrap: anywhere; }
.cae-formula i { font-weight: 700; color: color-mix(in srgb, #14b8a6 55%, currentColor); }
.cae-formula .note { opacity: 0.85; margin: 0.3rem 0 0; font-size: 0.85rem; }
@media (max-width: 640px) { .cae-formula dl { grid-template-columns: 1fr; gap: 0; }
  .cae-formula dt { margin-top: 0.3rem; } }
</style>
"""


def show_formula(row: Row) -> None:
    """The arithmetic of one layer with its numbers put in; nothing for one that cannot work."""
    if row.problem:
        return
    st.html(formula_panel(row))
    # Typesetting is a large part of what a browser loads: a first visitor need not wait for it.
    formula = st.expander("Typeset", on_change="rerun", key="formula")
    if formula.open:
        with formula:
            for written in (row.textbook, row.formula):
                if written is not None:
                    st.latex(written.latex)


def formula_panel(row: Row) -> str:
    """The arithmetic of one layer as HTML."""
    before, after = format_shape(row.input_shape), format_shape(row.output_shape)
    formulas = [written for written in (row.textbook, row.formula) if written is not None]
    letters = {symbol.letter: symbol for written in formulas for symbol in written.symbols}
    lines = [("Textbook", _written(row.textbook))] if row.textbook is not None else []
    lines.append(("Keras", _written(row.formula)))
    for label, text, count in (
        ("Parameters", row.parameters_formula, row.parameters),
        ("Multiply-adds", row.macs_formula, row.macs),
    ):
        if text:
            lines.append((label, f"{html.escape(text)} = {count:,}"))
    listed = "".join(f"<dt>{label}</dt><dd>{text}</dd>" for label, text in lines)
    note = f'<p class="note">{html.escape(row.textbook_note)}</p>' if row.textbook_note else ""
    heading = f"Layer {row.index}, <code>{html.escape(row.token)}</code>: {before} → {after}"
    return (
        f'{_STYLE}<div class="cae-formula"><h3>{heading}</h3>{_legend(list(letters.values()))}'
        f"<dl>{listed}</dl>{note}</div>"
    )


def _legend(letters: list[Symbol]) -> str:
    """The letters with their values and meanings, in the order of the textbook's formula."""
    items = "".join(
        f"<li><i>{letter}</i> = {value}, {meaning}</li>" for letter, value, meaning in letters
    )
    return f'<ul class="letters">{items}</ul>' if items else ""


def _written(formula: Formula) -> str:
    """A formula with letters and with numbers, as HTML."""
    general = re.sub(r"[A-Z]", r"<i>\g<0></i>", html.escape(formula.general))
    if not general:
        return html.escape(formula.text)
    # "height 4 · 2 = 8, width 6 · 2 = 12" is what the letters say twice.
    joint = ": " if formula.text[0].isalpha() else " = "
    return f"{general}{joint}{html.escape(formula.text)}"
