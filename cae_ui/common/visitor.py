"""Who visits: a secret that a visitor's trainings are marked with, kept by his browser.

The browser keeps it as a cookie, which comes with the first request of a visit, and in its local
storage, for places where an app in a frame has no cookies. Nothing else is kept of a visitor.
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import streamlit as st

COOKIE = "cae_visitor"  # as in visitor.js
_KEY = "visitor"
_KEEPER = "visitor-keeper"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_keeper = st.components.v2.component(
    "cae_visitor", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)


def visitor() -> str:
    """The secret of this visitor: the one that the browser sent, or a new one."""
    if _KEY not in st.session_state:
        kept = st.context.cookies.get(COOKIE)
        st.session_state[_KEY] = kept if _is_token(kept) else secrets.token_urlsafe(16)
    token: str = st.session_state[_KEY]
    return token


def keep_visitor() -> None:
    """Has the browser keep the visitor's secret, or say which one it keeps already.

    Two tabs that are opened at once so agree on one.
    """

    def adopt() -> None:
        kept = st.session_state[_KEEPER].get("token")
        if _is_token(kept):
            st.session_state[_KEY] = kept

    with st.container(key="visitor-place"):
        _keeper(key=_KEEPER, data={"token": visitor()}, on_token_change=adopt)
    st.html("<style>.st-key-visitor-place { display: none; }</style>")


def _is_token(text: object) -> bool:
    """Whether a text from outside is such a secret."""
    return isinstance(text, str) and _TOKEN.fullmatch(text) is not None
