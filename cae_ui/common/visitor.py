"""Who visits: a secret that a visitor's trainings are marked with."""

from __future__ import annotations

import secrets

import streamlit as st

_KEY = "visitor"


def visitor() -> str:
    """The secret of this visitor."""
    token: str = st.session_state.setdefault(_KEY, secrets.token_urlsafe(16))
    return token
