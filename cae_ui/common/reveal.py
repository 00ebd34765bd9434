"""Bringing a part of the page into the window, where something is shown that was asked for."""

from __future__ import annotations

import json
from typing import Literal

import streamlit as st

# What is looked for comes some time after the script, and the page still grows and shrinks then:
# the part is brought back until the visitor moves the page himself, or another part is revealed.
# A page that moves under a field or a slider takes it away from who is using it.
_SCRIPT = """<script>
(() => {
  const token = %s;
  if (token && (window.revealed ??= new Set()).has(token)) return;
  window.revealed?.add(token);
  const here = location.pathname;
  let waits = !document.activeElement?.matches("input, textarea, [role=slider]");
  dispatchEvent(new Event("reveal"));
  for (const moved of ["wheel", "touchmove", "keydown", "pointerdown", "reveal"])
    addEventListener(moved, () => (waits = false), { once: true, passive: true });
  const place = () => {
    const part = document.querySelector(%s);
    // The header of the page lies over its upper edge.
    if (part) part.style.scrollMargin = "5rem 0 1rem";
    if (part?.clientHeight > 100) part.scrollIntoView({ block: %s });
    return part?.clientHeight > 100;
  };
  const look = () => {
    if (!waits || location.pathname !== here) return;
    if (!place()) return setTimeout(look, 50);
    const keep = new ResizeObserver(() =>
      waits && location.pathname === here ? place() : keep.disconnect());
    keep.observe(document.querySelector(".stMainBlockContainer"), { box: "border-box" });
  };
  look();
})();
</script>"""


def reveal(selector: str, *, block: Literal["start", "nearest"] = "start", token: str = "") -> None:
    """Scrolls to a part of the page, once for every run of the page that calls this.

    It stays in view while the page around it changes, until the visitor moves. Who is typing or
    moving a slider stays where he is.

    Args:
        selector: CSS selector of the part, which may come later.
        token: With one, only the first of all runs with this token scrolls: for runs that another
            one may overtake before the browser has seen what they show.
        block: "start" puts it at the upper edge; "nearest" does nothing where all of it is shown.
    """
    st.html(
        _SCRIPT % tuple(map(json.dumps, (token, selector, block))), unsafe_allow_javascript=True
    )
