"""A page that is left keeps its address in the browser's history, so that Back leads to it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_KEY = "leaving"
_component = st.components.v2.component(
    "cae_leaving", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def keep_addresses() -> None:
    """Lets the browser keep the addresses of the pages that are left."""
    with st.container(key=_KEY):
        _component(key=f"{_KEY}-component")
    st.html(f"<style>.st-key-{_KEY} {{ display: none; }}</style>")
