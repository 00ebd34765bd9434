"""The verdict on a network: latent size, compression ratio, main figures, problems, warnings."""

from __future__ import annotations

import streamlit as st

from cae_core.architecture.formulas import format_shape
from cae_core.architecture.report import Report
from cae_ui.common.architecture_text import show_problems
from cae_ui.common.wording import plain, short_number


def show_verdict(report: Report) -> None:
    """Latent size and compression ratio in one line, the main figures, problems and warnings."""
    if report.problems:
        st.markdown("## :red[This network cannot be built yet]")
    else:
        size, _, ratio = report.verdict.rpartition(", ")
        tone = "green" if report.compression_ratio > 1 else "orange"
        st.markdown(f"## {size.capitalize()}, :{tone}[{ratio}]")
        _show_figures(report)
    show_problems(report)
    for warning in () if report.problems else report.warnings:
        st.warning(plain(warning), icon=":material/warning:")


def _show_figures(report: Report) -> None:
    """Parameters, work per image, receptive field and smallest tensor."""
    figures = [
        ("Parameters", f"{report.parameters:,}"),
        ("Multiply-adds", short_number(report.macs)),
        ("Receptive field of the latent", format_shape(report.latent_receptive_field)),
        ("Smallest tensor", f"{report.smallest.size:,}"),
    ]
    with st.container(horizontal=True, gap="medium"):
        for label, value in figures:
            st.metric(label, value, width="content")
