"""The output size of the chosen layer, by Keras's formula and by the textbook's."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.report import Row
from cae_ui.common.wording import show_error


def show_formula(row: Row) -> None:
    """The output size of one layer with the numbers put in, typeset once somebody opens it.

    Typesetting is a large part of what a browser loads: a first visitor need not wait for it.
    """
    if row.problem:
        show_error(row.problem)
        return
    formula = st.expander(f"Formula of layer {row.index}", on_change="rerun", key="formula")
    if formula.open:
        with formula:
            _typeset(row)


def _typeset(row: Row) -> None:
    """Keras's formula, the textbook's where there is one, and why they differ."""
    st.markdown(f"**Output size of `{row.token}`**, as Keras computes it")
    st.latex(row.formula.latex)
    if row.textbook is not None:
        st.markdown("and by the textbook's ((W − K + 2P)/S + 1)² · C")
        st.latex(row.textbook.latex)
    if row.textbook_note:
        st.caption(row.textbook_note)
