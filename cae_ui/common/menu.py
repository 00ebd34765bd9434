"""The menu of a small screen, which lies over the page: it closes once a page was chosen."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_KEY = "menu"
_component = st.components.v2.component(
    "cae_menu", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def close_menu_after(page: str) -> None:
    """Tells the browser which page is shown: where that changes, an open menu closes."""
    with st.container(key=_KEY):
        _component(key=f"{_KEY}-component", data={"page": page})
    st.html(f"<style>.st-key-{_KEY} {{ display: none; }}</style>")
