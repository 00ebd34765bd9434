"""Controls whose values come from elsewhere: the architecture's text, the address, a click."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

Value = TypeVar("Value")

_NOTHING = object()  # equals no value


def with_value(key: str, value: Value) -> Value:
    """Gives a control a value, where it has another one.

    Streamlit sends every value that is assigned to the browser, even the control's own, and there
    it would take back what a hand has done since the run began. So the control needs the value as
    its default, too: one that Streamlit makes anew, for it has another range or was not shown for a
    while, has nothing else in the browser.

    Args:
        key: The control's key.
        value: Its value.

    Returns:
        The value, to be the control's default.
    """
    if st.session_state.get(key, _NOTHING) != value:
        st.session_state[key] = value
    return value
