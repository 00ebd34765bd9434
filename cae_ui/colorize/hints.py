"""Hints in the address of the page: colours that the visitor has put on points of the photo.

The address has four whole numbers for each hint, ``down,across,a,b`` with the point in thousandths
of the photo's height and width, and a semicolon between two hints.
"""

from __future__ import annotations

import math
import re

import streamlit as st

from cae_core.photos.hints import ColorHint
from cae_ui.common.address import reject, value_in_address
from cae_ui.common.photo_input import Photo

HINTS, PLACE = "hints", "hint-at"  # in the address
MOST_HINTS = 24
NEAR = 0.015  # of the photo's longer side: the size of a dot
_OF = "hints-of"  # the photo that the address's hints are for
_HINT = re.compile(r"(\d{1,3}),(\d{1,3}),(-?\d{1,3}),(-?\d{1,3})")
_MOST_AB = 128
_PARTS = 1000


def kept_hints(photo: Photo) -> tuple[ColorHint, ...]:
    """The hints that the address has for a photo; none for another photo than the last."""
    if st.session_state.get(_OF) not in (None, photo.key):
        remove_hints()
        st.query_params.pop(PLACE, None)
    st.session_state[_OF] = photo.key
    text = value_in_address(HINTS) or ""
    hints = read_hints(text)
    used = ";".join(map(written, hints))
    if used != text:
        reject(HINTS, *filter(None, [used]))
    return hints


def read_hints(text: str) -> tuple[ColorHint, ...]:
    """The hints that a text from an address means; what means none is left out.

    Example:
        >>> read_hints("500,20,-7,60;rubbish;1,2,3")
        (ColorHint(down=0.5, across=0.02, a=-7.0, b=60.0),)
    """
    hints = []
    for part in text.split(";")[:MOST_HINTS]:
        if found := _HINT.fullmatch(part):
            down, across, *ab = map(int, found.groups())
            a, b = (float(max(-_MOST_AB, min(value, _MOST_AB))) for value in ab)
            hints.append(ColorHint(down / _PARTS, across / _PARTS, a, b))
    return tuple(hints)


def written(hint: ColorHint) -> str:
    """A hint as an address has it.

    Example:
        >>> written(ColorHint(0.5, 1.0, -6.6, 60.2))
        '500,999,-7,60'
    """
    down, across = (min(round(_PARTS * share), _PARTS - 1) for share in (hint.down, hint.across))
    return f"{down},{across},{round(hint.a)},{round(hint.b)}"


def add_hint(hint: ColorHint, size: tuple[int, int]) -> None:
    """Puts a hint into the address, in the place of those that its dot would cover.

    Args:
        hint: The hint.
        size: Height and width of the photo.
    """
    kept = read_hints(st.query_params.get(HINTS, ""))
    new = read_hints(written(hint))[0]
    others = [written(each) for each in kept if not is_near(each, new, size)]
    st.query_params[HINTS] = ";".join([*others, written(new)][-MOST_HINTS:])


def is_near(hint: ColorHint, other: ColorHint, size: tuple[int, int]) -> bool:
    """Whether two hints are as near as the dots of their points are large.

    Example:
        >>> is_near(ColorHint(0.5, 0.5, 0, 0), ColorHint(0.5, 0.51, 0, 0), (300, 400))
        True
    """
    height, width = size
    distance = math.hypot((hint.down - other.down) * height, (hint.across - other.across) * width)
    return distance <= NEAR * max(size)


def remove_hints(count: int | None = None) -> None:
    """Takes the last hints out of the address, or all."""
    kept = st.query_params.get(HINTS, "").split(";")
    left = [] if count is None else kept[:-count]
    if left:
        st.query_params[HINTS] = ";".join(left)
    else:
        st.query_params.pop(HINTS, None)
