"""Bringing a part of the page into the window, where something is shown that was asked for."""

from __future__ import annotations

import json
from typing import Literal

import streamlit as st

# What is looked for comes some time after the script, unless the visitor goes elsewhere himself.
# A page that moves under a field or a slider takes it away from who is using it.
_SCRIPT = """<script>
(() => {
  const here = location.pathname;
  let waits = !document.activeElement?.matches("input, textarea, [role=slider]");
  for (const moved of ["wheel", "touchmove", "keydown"])
    addEventListener(moved, () => (waits = false), { once: true, passive: true });
  const look = () => {
    if (!waits || location.pathname !== here) return;
    const part = document.querySelector(%s);
    // The header of the page lies over its upper edge.
    if (part) part.style.scrollMargin = "5rem 0 1rem";
    if (part?.clientHeight > 100) part.scrollIntoView({ block: %s });
    else setTimeout(look, 50);
  };
  look();
})();
</script>"""


def reveal(selector: str, *, block: Literal["start", "nearest"] = "start") -> None:
    """Scrolls to a part of the page, once for every run of the page that calls this.

    Who is typing or moving a slider stays where he is.

    Args:
        selector: CSS selector of the part, which may come later.
        block: "start" puts it at the upper edge; "nearest" does nothing where all of it is shown.
    """
    st.html(_SCRIPT % (json.dumps(selector), json.dumps(block)), unsafe_allow_javascript=True)
