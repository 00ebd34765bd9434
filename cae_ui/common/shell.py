"""The frame of every page: the list of pages, the router, the header."""

from __future__ import annotations

import base64
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from cae_ui.common.address import asked, name_the_unusable

# In the page itself: a file would be missing for a moment whenever another visitor leaves.
ICON = "data:image/png;base64," + base64.b64encode(
    Path(__file__).with_name("icon.png").read_bytes()
).decode("ascii")
_ROUTED = "routed"
# Streamlit leaves 6rem above a page, which pushes what people came for off a small screen.
_STYLE = "<style>.stMainBlockContainer { padding-top: 3.5rem; }</style>"


def _pages() -> list[StreamlitPage]:
    """The pages in the order of the menu; the first has the bare address."""
    return [
        st.Page(
            "pages/latent_size.py", title="Latent size", icon=":material/calculate:", default=True
        ),
        st.Page("pages/inside.py", title="Inside", icon=":material/frame_inspect:"),
        st.Page("pages/trainer.py", title="Trainer", icon=":material/model_training:"),
        st.Page("pages/denoise.py", title="Denoise", icon=":material/blur_off:"),
        st.Page("pages/colorize.py", title="Colorize", icon=":material/palette:"),
        st.Page("pages/zoo.py", title="Zoo", icon=":material/pets:"),
    ]


def _navigation() -> StreamlitPage:
    """The page that the address names, under the app's own title, icon and menu."""
    # First, because Streamlit fetches a page's icon from Google where the app has none.
    st.set_page_config(page_title="CAE Lab", page_icon=ICON, layout="wide")
    return st.navigation(_pages(), position="top")


def route() -> None:
    """Runs the page that the address names; all that app.py does."""
    page = _navigation()
    st.html(_STYLE)
    st.session_state[_ROUTED] = True
    notes, given = st.container(), asked()
    page.run()
    name_the_unusable(notes, page.title, given)


def page_header(title: str, introduction: str) -> None:
    """The top of every page: its title and an introduction of two sentences.

    Until the router has run once, a fresh Streamlit server takes the folder ``pages/`` for
    the menu, and runs a page that is opened by its own address without app.py. Naming the
    pages here ends that, and the page starts again under the router.
    """
    if not st.session_state.get(_ROUTED):
        _navigation()
        st.rerun()
    st.title(title)
    st.markdown(introduction)
