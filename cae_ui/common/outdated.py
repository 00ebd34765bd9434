"""Runs of a page that the visitor no longer waits for."""

from __future__ import annotations

import streamlit as st


def ends_if_outdated() -> bool:
    """Ends this run of the page where the visitor has moved a control since it began.

    For a `should_stop` of the core, in the thread of the run: long work that shows nothing on the
    page would else go on to its end before the next run begins.

    Returns:
        False, where the run goes on.
    """
    # Streamlit ends an outdated run, with an exception of its own, where it touches the state.
    _ = "any key" in st.session_state
    return False
