"""The frame of every page: the menu, the router, the header."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from cae_core.studies.plan import FACTORS
from cae_ui.common.address import arrive, asked, drop_the_impossible, leave, name_the_unusable
from cae_ui.common.back_steps import make_back_steps
from cae_ui.common.menu import close_menu_after
from cae_ui.common.resources import keep_keras_session
from cae_ui.common.section import lasting_place

# In the page itself: a file would be missing for a moment whenever another visitor leaves.
ICON = "data:image/png;base64," + base64.b64encode(
    Path(__file__).with_name("icon.png").read_bytes()
).decode("ascii")
APP = "CAE Lab"
_ROUTED = "routed"
# Parameters of Latent size, which had the bare address before Start had it.
_OF_LATENT_SIZE = {"arch", "compare", "formulas", "vs"}
_TEXTS = {"job", "sweep", "lr_test", "arch", "vs", "network-A", "network-B", "rate-A", "rate-B"}
_RESULT_FIRST, _AFTER_SETTINGS = "result-first", "after-settings"  # as in shell.css
_STYLE = f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


def _pages() -> dict[str, list[StreamlitPage]]:
    """The pages by group, in the order of the menu; Start has the bare address."""
    return {
        "": [st.Page("pages/start.py", title="Start", icon=":material/home:", default=True)],
        "Learn": [
            st.Page("pages/latent_size.py", title="Latent size", icon=":material/calculate:"),
            st.Page("pages/inside.py", title="Inside", icon=":material/frame_inspect:"),
        ],
        "Make": [
            st.Page("pages/trainer.py", title="Trainer", icon=":material/model_training:"),
            st.Page("pages/sweep.py", title="Sweep", icon=":material/tune:"),
        ],
        "Use": [
            st.Page("pages/denoise.py", title="Denoise", icon=":material/blur_off:"),
            st.Page("pages/colorize.py", title="Colorize", icon=":material/palette:"),
            st.Page("pages/compress.py", title="Compress", icon=":material/compress:"),
        ],
        "Evidence": [st.Page("pages/zoo.py", title="Zoo", icon=":material/pets:")],
    }


def _navigation() -> StreamlitPage:
    """The page that the address names, under the app's logo, icon and menu."""
    keep_keras_session()
    # First, because Streamlit fetches a page's icon from Google where the app has none.
    st.set_page_config(page_title=APP, page_icon=ICON, layout="wide")
    st.logo(ICON)
    page = st.navigation(_pages(), position="top")
    if page.url_path:
        st.set_page_config(page_title=f"{page.title} - {APP}")
    return page


def route() -> None:
    """Runs the page that the address names; all that app.py does."""
    # TensorFlow logs notes on the processor, and on graphs that it leaves as they are, as errors;
    # real ones come as exceptions.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        _run_page()
    finally:  # once more: Keras may have been loaded by this run
        keep_keras_session()


def _run_page() -> None:
    page = _navigation()
    given = asked()
    if not page.url_path and not _OF_LATENT_SIZE.isdisjoint(given):
        st.switch_page("pages/latent_size.py", query_params=given)
    st.html(_STYLE)
    st.session_state[_ROUTED] = True
    notes = lasting_place()
    drop_the_impossible(page.title, given, _texts(page.url_path))
    close_menu_after(page.url_path)
    make_back_steps()
    page.run()
    leave()
    name_the_unusable(notes, page.title, given)


def _texts(page: str) -> set[str]:
    """The names in a page's address whose values are texts, or none: a sweep's factors."""
    return _TEXTS | set(FACTORS) if page == "sweep" else _TEXTS


def page_header(title: str, introduction: str) -> None:
    """The top of every page: its title and an introduction of two sentences.

    Until the router has run once, a fresh Streamlit server takes the folder ``pages/`` for
    the menu, and runs a page that is opened by its own address without app.py. Naming the
    pages here ends that, and the page starts again under the router.
    """
    if not st.session_state.get(_ROUTED):
        _navigation()
        st.rerun()
    arrive(title, asked())
    st.title(title)
    st.markdown(introduction)


def after_settings(name: str) -> DeltaGenerator:
    """A part of the result's column that comes after the settings on a phone.

    Args:
        name: Of this part, among those of a page.
    """
    return st.container(key=f"{_AFTER_SETTINGS}-{name}")


def settings_and_result() -> list[DeltaGenerator]:
    """Columns for settings and for their result, which comes first on a phone."""
    with st.container(key=_RESULT_FIRST):
        return st.columns([4, 8], gap="large")
