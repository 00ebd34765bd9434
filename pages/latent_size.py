"""The page Latent size: what an architecture does to the size of an image."""

import streamlit as st

from cae_core.architecture.presets import get_preset
from cae_core.architecture.report import analyze
from cae_ui.common.architecture_form import architecture_form
from cae_ui.common.architecture_text import (
    TEXT_KEY,
    architecture_input,
    preset_input,
    show_problems,
)
from cae_ui.common.file_names import network_name
from cae_ui.common.shell import page_header
from cae_ui.latent_size.comparison import comparison_table
from cae_ui.latent_size.diagram import network_diagram
from cae_ui.latent_size.exports import show_exports
from cae_ui.latent_size.formula import show_formula
from cae_ui.latent_size.layer_table import layer_table, table_csv
from cae_ui.latent_size.verdict import show_verdict

page_header(
    "Latent size",
    "An autoencoder squeezes an image through a **latent**, the tensor between encoder and "
    "decoder, and rebuilds the image from it. Compose the layers and see the size of every tensor, "
    "with the numbers put into the formulas.",
)

compose, result = st.columns([5, 7], gap="large")
with compose:
    preset_input()
    architecture = architecture_input()
    chosen = architecture_form(TEXT_KEY, architecture)
report = analyze(architecture)
with compose:
    if chosen is not None:
        show_formula(report.rows[chosen])
with result:
    show_verdict(report)
    st.html(network_diagram(report))
    show_exports(report)

st.header("Layer by layer")
formulas = st.toggle("Open all formulas", key="formulas", bind="query-params")
st.html(layer_table(report, open_formulas=formulas))
st.caption(
    "Click a row for its formula. The receptive field is the part of the input that one pixel of "
    "the output can depend on. Parameters are counted as Keras counts them, multiply-adds for one "
    "image."
)
st.download_button(
    "Download the table",
    table_csv(report),
    f"{network_name(report)}-layers.csv",
    icon=":material/download:",
)

st.header("Compare with another network")
if st.toggle("Show a second architecture", key="compare", bind="query-params"):
    preset_input("vs")
    other = architecture_input(
        "vs", label="Second architecture", default=get_preset("strided-bn").text
    )
    other_report = analyze(other)
    st.table(comparison_table([("This network", report), ("The other network", other_report)]))
    show_problems(other_report, "vs")
    st.html(network_diagram(other_report))
