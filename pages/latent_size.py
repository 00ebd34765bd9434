"""The page Latent size: what an architecture does to the size of an image."""

from functools import partial

import streamlit as st

from cae_core.architecture.presets import get_preset
from cae_core.architecture.report import analyze
from cae_ui.common.architecture_form import INPUT, architecture_form, choose_layer
from cae_ui.common.architecture_text import (
    TEXT_KEY,
    architecture_input,
    preset_input,
    show_problems,
)
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import network_name
from cae_ui.common.network_diagram import network_diagram
from cae_ui.common.section import lasting_place
from cae_ui.common.shell import page_header
from cae_ui.homework.exercises import LATENT_PAGE
from cae_ui.homework.path import show_homework
from cae_ui.latent_size.comparison import comparison_table
from cae_ui.latent_size.exports import forget_training, show_exports
from cae_ui.latent_size.formula import show_formula
from cae_ui.latent_size.layer_table import layer_table, table_csv
from cae_ui.latent_size.verdict import show_bytes, show_details, show_verdict, verdict_place

page_header(
    "Latent size",
    "An autoencoder squeezes an image through a **latent**, the tensor between encoder and "
    "decoder, and rebuilds the image from it. Compose the layers and see the size of every tensor, "
    "with the numbers put into the formulas.",
)
is_to_be_guessed = show_homework(LATENT_PAGE)

verdict = verdict_place()
in_bytes = lasting_place()
compose, result = st.columns([5, 7], gap="large")
with compose:
    preset_input(on_choose=lambda _: forget_training())
    architecture = architecture_input()
    chosen = architecture_form(TEXT_KEY, architecture)
report = analyze(architecture)


def show_result() -> None:
    """The sizes in the order in which they are asked for."""
    with verdict:
        show_verdict(report)
    with in_bytes:
        show_bytes(report)
    with result:
        network_diagram(
            report,
            key="diagram",
            chosen=INPUT if chosen is None else str(chosen),
            on_choose=lambda block: choose_layer(TEXT_KEY, None if block == INPUT else int(block)),
        )
        if chosen is not None:
            show_formula(report.rows[chosen])
        show_details(report)
        show_exports(report)
    st.header("Layer by layer")
    formulas = st.toggle("Open all formulas", key="formulas", bind="query-params")
    st.html(layer_table(report, open_formulas=formulas))
    st.caption(
        "Click a row for its formula. The receptive field is the part of the input that one pixel "
        "of the output can depend on. Parameters are counted as Keras counts them, multiply-adds "
        "for one image."
    )
    show_download(
        "Download the table",
        partial(table_csv, report),
        f"{network_name(report)}-layers.csv",
        mime="text/csv",
    )


def show_comparison() -> None:
    """A second network, and the main figures of both."""
    st.header("Compare with another network")
    if st.toggle("Show a second architecture", key="compare", bind="query-params"):
        preset_input("vs")
        other = architecture_input(
            "vs", label="Second architecture", default=get_preset("strided-bn").text
        )
        found = analyze(other)
        st.table(comparison_table([("This network", report), ("The other network", found)]))
        show_problems(found, "vs")
        network_diagram(found, key="other-diagram")


if is_to_be_guessed:
    result.info("The sizes are shown here once you have guessed.", icon=":material/visibility_off:")
else:
    show_result()
    show_comparison()
