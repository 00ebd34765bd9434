"""Parts of a page in which elements come and go while everything below stays in its place."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def lasting_place() -> DeltaGenerator:
    """A place on the page that is there whatever is put into it, even nothing."""
    place = st.container()
    place.empty()  # Streamlit leaves out a container with nothing in it
    return place


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
