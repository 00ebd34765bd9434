"""Work of many seconds within one run of a page: how far it is, and a way to end it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


@contextmanager
def stoppable_work(text: str, *, key: str, on_stop: Callable[[], None]) -> Iterator[DeltaGenerator]:
    """A bar of progress beside a button that ends the work; both go when it ends, whichever way.

    A press runs the page anew, which ends this run at the next report to the bar.

    Args:
        text: What the bar says before the first report.
        key: Name of the button, unique on the page.
        on_stop: Called by a press, before the page runs anew.
    """
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, text)
        st.button("Stop", icon=":material/stop_circle:", key=key, on_click=on_stop)
    try:
        yield bar
    finally:
        place.empty()
