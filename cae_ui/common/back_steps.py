"""The browser's Back undoes the last choice, and leads to a page as it was left."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_KEY = "back-steps"
_component = st.components.v2.component(
    "cae_back_steps", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def make_back_steps() -> None:
    """Lets the browser keep an entry for every choice, and the addresses of pages that are left."""
    with st.container(key=_KEY):
        _component(key=f"{_KEY}-component")
    # With what Streamlit puts around it, which would leave a gap above the page.
    around = f'[data-testid="stLayoutWrapper"]:has(> .st-key-{_KEY})'
    st.html(f"<style>{around} {{ display: none; }}</style>")
