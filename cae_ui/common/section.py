"""What leaves controls alone while a page changes: places that last, values set only if new."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import get_script_run_ctx

_KNOWN = "controls-set"  # key of what is known of controls that were given a value, by their keys

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def lasting_place() -> DeltaGenerator:
    """A place on the page that is there whatever is put into it, even nothing."""
    place = st.container()
    place.empty()  # Streamlit leaves out a container with nothing in it
    return place


def set_control(key: str, value: object, shape: object = None) -> None:
    """Gives a control a value, where it has another one.

    Streamlit sends every value that is assigned to the browser, even the control's own, and there
    it would take back what a hand has done since the run began.

    Args:
        key: The control's key.
        value: Its value.
        shape: Its range, or what else makes it another control to Streamlit where it changes.
    """
    context = get_script_run_ctx()
    # Another page's control with this key is another control, to which the value is new.
    identity = (None if context is None else context.page_script_hash, shape)
    known = st.session_state.setdefault(_KNOWN, {})
    if known.get(key) != identity or st.session_state.get(key, known) != value:
        st.session_state[key] = value
    known[key] = identity


def section(show: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Gives a function that shows a part of a page, a place of its own on it.

    Streamlit knows an element by its place. One that changes it is drawn anew, a control that is
    being moved is let go, and one bound to the address no longer changes that. Not for a part that
    sticks to the window: it would stick within its place only.

    Args:
        show: The function. However many elements it shows, they take one place.
    """

    @functools.wraps(show)
    def show_in_place(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with lasting_place():
            return show(*args, **kwargs)

    return show_in_place
