"""Hints in the address of the page: colours that the visitor has put on points of the photo.

The address has four whole numbers for each hint, ``down,across,a,b`` with the point in thousandths
of the photo's height and width, and a semicolon between two hints. Beside them it names the photo.
"""

from __future__ import annotations

import hashlib
import math
import re

import streamlit as st

from cae_core.photos.hints import ColorHint
from cae_ui.common.address import reject, value_in_address
from cae_ui.common.photo_input import Photo

HINTS, OF, PLACE = "hints", "hints-of", "hint-at"  # in the address
MOST_HINTS = 24
NEAR = 0.015  # of the photo's longer side: the size of a dot
_PHOTO, _NAME = "hints-photo", "hints-photo-name"  # shown last: its identity, its name here
_HINT = re.compile(r"(\d{1,3}),(\d{1,3}),(-?\d{1,3}),(-?\d{1,3})")
_MOST_AB = 128
_PARTS = 1000


def kept_hints(photo: Photo) -> tuple[ColorHint, ...]:
    """The hints that the address has for a photo; those of another one are taken out of it."""
    text = value_in_address(HINTS) or ""
    of = value_in_address(OF, f"{photo.name} without the hints of another photo")
    last, name = st.session_state.get(_PHOTO, photo.identity), _name_of(photo)
    st.session_state[_PHOTO], st.session_state[_NAME] = photo.identity, name
    # Addresses once had hints without a photo's name.
    is_meant = last == photo.identity and photo.is_sample if of is None else of == name
    hints = read_hints(text)
    spelled = ";".join(map(written, hints))
    if spelled != text:
        reject(HINTS, *filter(None, [spelled if is_meant else ""]))
    if is_meant:
        if hints:
            st.query_params[OF] = name
        return hints
    if of is not None:
        reject(OF)
    remove_hints()
    if last != photo.identity:
        st.query_params.pop(PLACE, None)
    return ()


def _name_of(photo: Photo) -> str:
    """What the address calls a photo: a sample's name, or a short digest of an upload."""
    if photo.is_sample:
        return photo.name
    if st.session_state.get(_PHOTO) == photo.identity:
        name: str = st.session_state[_NAME]
        return name
    content = photo.source()
    assert isinstance(content, bytes)  # noqa: S101 - a path is a sample's
    return hashlib.blake2b(content, digest_size=4).hexdigest()


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
    st.query_params[OF] = st.session_state[_NAME]


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
        st.query_params.pop(OF, None)
