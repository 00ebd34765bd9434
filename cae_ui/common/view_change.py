"""What Streamlit leaves undone where another page, or another view of a page, is opened."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_KEY = "view-change"
_component = st.components.v2.component(
    "cae_view_change", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def tell_view(view: str) -> None:
    """Tells the browser what is shown: where that changes, the menu closes and the top is shown.

    Args:
        view: A text for every page, and for every view that replaces the rest of its page.
    """
    with st.container(key=_KEY):
        _component(key=f"{_KEY}-component", data={"view": view})
    st.html(f"<style>.st-key-{_KEY} {{ display: none; }}</style>")
