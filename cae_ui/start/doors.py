"""Three doors into the app: learn, use, check."""

from __future__ import annotations

import base64
from pathlib import Path

import streamlit as st

from cae_core.studies.claims import CLAIMS
from cae_ui.common.wording import source_links

DOORS = Path(__file__).with_name("doors")


def show_doors() -> None:
    """A card for each of three purposes, with an illustration and the pages in their order."""
    homework, photo, evidence = (
        column.container(border=True, height="stretch") for column in st.columns(3)
    )
    with homework:
        st.header("Do the homework", anchor=False)
        _illustration("homework.webp", "A network drawn as blocks, narrow in the middle")
        st.markdown("Size a network on paper, train it, and compare its error with others'.")
        st.page_link("pages/latent_size.py", label="1. Latent size", icon=":material/calculate:")
        st.page_link(
            "pages/trainer.py", label="2. Trainer, then compare", icon=":material/model_training:"
        )
    with photo:
        st.header("Clean or colour my photo", anchor=False)
        _illustration("photo.webp", "A cat: noisy and denoised, grey and colorized")
        st.markdown("Trained networks take noise out or put colour in. Your photo is not stored.")
        st.page_link("pages/denoise.py", label="Denoise", icon=":material/blur_off:")
        st.page_link("pages/colorize.py", label="Colorize", icon=":material/palette:")
    with evidence:
        st.header("See the evidence", anchor=False)
        _illustration("evidence.webp", "Small images and what three networks make of them")
        st.markdown(
            f"The networks of {source_links()}, trained again and measured beside what was "
            f"published; {len(CLAIMS)} claims, tested."
        )
        st.page_link("pages/zoo.py", label="Zoo", icon=":material/pets:")


def _illustration(file: str, alt: str) -> None:
    """A door's illustration, as wide as the door."""
    url = base64.b64encode((DOORS / file).read_bytes()).decode()
    st.html(
        f'<img src="data:image/webp;base64,{url}" alt="{alt}" style="width:100%;'
        'aspect-ratio:2.4;object-fit:cover;border-radius:4px;display:block">'
    )
