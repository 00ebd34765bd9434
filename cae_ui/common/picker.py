"""Choices made by a click on what they are: small images, bars, a place on an image.

A component of Streamlit's second kind (``st.components.v2``), its front end the files ``picker.*``
beside this one. What is chosen stands in the address of the page, where `kept_choice` reads it:
there is no widget that shows it a second time.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cae_core.images.encoding import encode_png
from cae_ui.common.address import reject, value_in_address

_HERE = Path(__file__)
_PLACE = re.compile(r"\d{1,6},\d{1,6}")  # row and column
_component = st.components.v2.component(
    "cae_picker",
    html='<div class="picker" role="group"></div>',
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Choice:
    """One of several things to choose.

    Attributes:
        value: What the address holds when it is chosen.
        label: Text under it.
        title: Text that is shown when it is pointed at, and read out.
    """

    value: str
    label: str
    title: str


def kept_choice(name: str, options: Sequence[str], default: str) -> str:
    """The choice that the address of the page holds under a name, or the default."""
    value = value_in_address(name, default)
    if value is None or value in options:
        return default if value is None else value
    reject(name)
    return default


def kept_place(name: str, height: int, width: int) -> tuple[int, int]:
    """Row and column of the pixel that the address holds; by default the middle one."""
    text = value_in_address(name, "the middle")
    if text is not None:
        if _PLACE.fullmatch(text):
            row, column = map(int, text.split(","))
            if row < height and column < width:
                return row, column
        reject(name)
    return height // 2, width // 2


def keep_choice(name: str, value: str) -> None:
    """Puts a choice into the address."""
    st.query_params[name] = value


def pick_tile(
    name: str,
    images: np.ndarray,
    choices: Sequence[Choice],
    chosen: str | None,
    *,
    label: str,
    side: int,
    key: str = "",
    on_pick: Callable[[str], object] | None = None,
) -> None:
    """Small images of one size in rows, of which one can be chosen.

    Args:
        name: Name of the choice in the address.
        images: uint8 (N, H, W, 1 or 3).
        choices: One for each image.
        chosen: Value of the chosen one.
        label: What is chosen, for a screen reader.
        side: Width of an image in CSS pixels; every pixel is a sharp square.
        key: Tells two places apart where one choice is made.
        on_pick: Called with the value that is clicked; by default the address takes it.
    """
    count, height, width, channels = images.shape
    # One below the other: (N, H, W, C) -> (N·H, W, C).
    strip = images.reshape(count * height, width, channels)
    data = {"image": image_url(strip), "width": width, "height": height, "side": side}
    _pick(name, "tiles", data | _listed(choices, chosen, label), key, on_pick)


def pick_bar(
    name: str,
    values: np.ndarray,
    choices: Sequence[Choice],
    chosen: str | None,
    *,
    label: str,
    key: str = "",
) -> None:
    """Numbers as bars up and down from zero, of which one can be chosen.

    Args:
        name: Name of the choice in the address.
        values: (N,).
        choices: One for each number.
        chosen: Value of the chosen one.
        label: What is chosen, for a screen reader.
        key: Tells two places apart where one choice is made.
    """
    # Zero is where it has to be for the largest and the smallest number to have room.
    low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
    room = (high - low) or 1.0
    heights = [round(float(value) / room, 4) for value in values]
    data = {"heights": heights, "zero": round(-low / room, 4)}
    _pick(name, "bars", data | _listed(choices, chosen, label), key)


def pick_place(
    name: str | None,
    image: np.ndarray,
    *,
    label: str,
    side: int,
    chosen: tuple[int, int] | None = None,
    box: tuple[int, int, int, int] | None = None,
    can_drag: bool = False,
    key: str = "",
) -> None:
    """An image on which a place can be chosen; the address then holds ``row,column``.

    Args:
        name: Name of the choice in the address; None for an image that is only looked at.
        image: uint8 (H, W, 1 or 3).
        label: What the image is, for a screen reader.
        side: Greatest width in CSS pixels; every pixel is a sharp square.
        chosen: Row and column of the chosen pixel, which is marked.
        box: First row, first column, last row and last column of a part that is marked.
        can_drag: Lets the box be dragged; its middle is then the chosen place.
        key: Tells two places apart where one choice is made, or two images that are looked at.
    """
    height, width = image.shape[:2]
    data = {
        "image": image_url(image),
        "width": width,
        "height": height,
        "side": side,
        "label": label,
        "place": chosen,
        "box": box,
        "canPick": name is not None,
        "canDrag": can_drag,
    }
    _pick(name or "nothing", "place", data, key)


def _listed(choices: Sequence[Choice], chosen: str | None, label: str) -> dict[str, Any]:
    """The part of a message that tiles and bars share."""
    return {"choices": [vars(each) for each in choices], "chosen": chosen, "label": label}


def _pick(
    name: str,
    kind: str,
    data: dict[str, Any],
    key: str = "",
    on_pick: Callable[[str], object] | None = None,
) -> None:
    """Sends a message, and puts what is clicked into the address, or calls `on_pick` with it.

    The message names the last press that it answers: the browser may be ahead of it.
    """
    widget = f"pick-{name}-{key}"
    answered = f"{widget}-answered"

    def keep() -> None:
        picked = st.session_state[widget].get("picked")
        if isinstance(picked, Mapping) and isinstance(picked.get("value"), str):
            st.session_state[answered] = picked.get("press")
            (on_pick or partial(keep_choice, name))(picked["value"])

    message = {"kind": kind, **data, "answered": st.session_state.get(answered)}
    _component(key=widget, data=message, on_picked_change=keep)


def image_url(image: np.ndarray) -> str:
    """An image (H, W, 1 or 3) as an address that holds it."""
    return f"data:image/png;base64,{base64.b64encode(encode_png(image)).decode()}"
