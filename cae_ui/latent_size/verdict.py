"""The verdict on a network: latent size, compression ratio, main figures, problems, warnings."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core.architecture.report import Report
from cae_core.compression.size import said_in_bytes
from cae_ui.common.architecture_text import show_problems
from cae_ui.common.wording import pixel_size, plain, short_number

# On a phone the answer stays in view while a slider below it moves.
_STYLE = """
<style>
.st-key-verdict h2 { font-size: 1.5rem; padding: 0 0 0.75rem; }
@media (max-width: 640px) {
  .st-key-verdict h2 { font-size: 1.2rem; padding: 0.4rem 0; }
  :has(> .st-key-verdict) { position: sticky; top: 3.75rem; z-index: 90; }
  .st-key-verdict { background: light-dark(#ffffff, #191814); padding-bottom: 1rem; }
}
</style>
"""


def verdict_place() -> DeltaGenerator:
    """The place of the verdict, above all that may be longer than a screen."""
    st.html(_STYLE)
    return st.container(key="verdict")


def show_verdict(report: Report) -> None:
    """Latent size and compression ratio in one line."""
    if report.problems:
        st.markdown("## :red[This network cannot be built yet]")
    else:
        size, _, ratio = report.verdict.rpartition(", ")
        tone = "green" if report.compression_ratio > 1 else "orange"
        st.markdown(f"## {size.capitalize()}, :{tone}[{ratio}]")


def show_bytes(report: Report) -> None:
    """The latent in bits and bytes, in one line."""
    if not report.problems:
        st.caption(said_in_bytes(report))


def show_details(report: Report) -> None:
    """The problems with their remedies, or the main figures and the warnings."""
    show_problems(report)
    if not report.problems:
        _show_figures(report)
        for warning in report.warnings:
            st.warning(plain(warning), icon=":material/warning:")


def _show_figures(report: Report) -> None:
    """Parameters, work per image, receptive field and smallest tensor."""
    figures = [
        ("Parameters", f"{report.parameters:,}"),
        ("Multiply-adds", short_number(report.macs)),
        ("Receptive field of the latent", pixel_size(report.latent_receptive_field)),
        ("Smallest tensor", f"{report.smallest.size:,}"),
    ]
    with st.container(horizontal=True, gap="medium"):
        for label, value in figures:
            st.metric(label, value, width="content")
