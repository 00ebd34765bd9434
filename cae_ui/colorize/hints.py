"""Hints: colours that the visitor has put on points of a photo, in the address and the session.

The address has those of the photo that is shown, four whole numbers for each hint,
``down,across,a,b`` with the point in thousandths of the photo's height and width, and a semicolon
between two hints. Beside them it names the photo. The session keeps the hints of every photo, as
the address would have them, and what they were before.
"""

from __future__ import annotations

import hashlib
import math
import re

import streamlit as st

from cae_core.photos.hints import ColorHint
from cae_ui.common.address import is_arriving, is_back_or_forward, reject, value_in_address
from cae_ui.common.photo_input import Photo

HINTS, OF, PLACE = "hints", "hints-of", "hint-at"  # in the address
MOST_HINTS = 24
NEAR = 0.0175  # of the photo's longer side: the radius of a dot's colour
_VERSIONS = "hints-versions"  # of each photo's hints, by its name in the address; the present last
_SHOWN = "hints-shown"  # name in the address of the photo that was shown last
_DIGESTS = "hints-digests"  # of uploads, by their identity
_DIGEST = re.compile(r"[0-9a-f]{8}")
_HINT = re.compile(r"(\d{1,3}),(\d{1,3}),(-?\d{1,3}),(-?\d{1,3})")
_MOST_AB = 128
_PARTS = 1000


def kept_hints(photo: Photo) -> tuple[ColorHint, ...]:
    """The hints of the photo that is shown: what the address asks for, or those it had before.

    Those of an upload that is not here yet stay in the address, and are kept for it.
    """
    given = value_in_address(HINTS) or ""
    of = value_in_address(OF, f"{photo.name} without the hints of another photo")
    name, last = _name_of(photo), st.session_state.get(_SHOWN)
    st.session_state[_SHOWN] = name
    text = ";".join(map(written, read_hints(given)))
    is_asked = is_arriving() or is_back_or_forward()
    # Addresses once had hints without a photo's name.
    is_meant = of == name or (of is None and photo.is_sample and is_asked)
    is_missing = _is_of_missing(of, name) and bool(text) and (is_asked or of != last)
    if text != given:
        reject(HINTS, *filter(None, [text if is_meant or is_missing else ""]))
    if of not in (None, name) and not is_missing:
        reject(OF)
    whose = str(of) if is_missing else name
    # Later on, the browser may not have the newest address yet.
    if text and (is_meant or is_missing) and (is_asked or whose not in _all_versions()):
        _visit(whose, text)
    elif of is None and is_back_or_forward():
        _visit(name, "")
    if last not in (None, name) and not (is_meant or is_asked):
        st.query_params.pop(PLACE, None)
    present = _versions(name)[-1]
    if is_missing and not present:
        _write(whose, text)
        st.info(
            "The hints in this address belong to a photo that was uploaded: upload or choose it, "
            "and they are back.",
            icon=":material/upload:",
        )
    else:
        _write(name, present)
    return read_hints(present)


def hints_of(photo: Photo) -> tuple[ColorHint, ...]:
    """The hints that the session keeps for a photo."""
    return read_hints(_all_versions().get(_name_of(photo), [""])[-1])


def _is_of_missing(of: str | None, name: str) -> bool:
    """Whether hints of an address are of an upload that is not shown."""
    return of not in (None, name) and _DIGEST.fullmatch(str(of)) is not None


def _name_of(photo: Photo) -> str:
    """What the address calls a photo: a sample's name, or a short digest of an upload."""
    if photo.is_sample:
        return photo.name
    digests: dict[str, str] = st.session_state.setdefault(_DIGESTS, {})
    if photo.identity not in digests:
        content = photo.source()
        assert isinstance(content, bytes)  # noqa: S101 - a path is a sample's
        digests[photo.identity] = hashlib.blake2b(content, digest_size=4).hexdigest()
    return digests[photo.identity]


def _all_versions() -> dict[str, list[str]]:
    """The versions of the hints of all photos."""
    versions: dict[str, list[str]] = st.session_state.setdefault(_VERSIONS, {})
    return versions


def _versions(name: str) -> list[str]:
    """The versions of a photo's hints, the present one last."""
    return _all_versions().setdefault(name, [""])


def _visit(name: str, text: str) -> None:
    """Makes a text of an address the present version; a former one is gone back to.

    No hints are a version after the others, so that Undo brings those back: an address without any
    may be one of another upload.
    """
    versions = _all_versions().setdefault(name, [text])
    if versions[-1] != text and not (text and text in versions):
        versions.append(text)
    while versions[-1] != text:
        versions.pop()


def _write(name: str, text: str) -> None:
    """Puts a photo's hints into the address, where it has others."""
    for key, value in ((HINTS, text), (OF, name if text else "")):
        if not value:
            st.query_params.pop(key, None)
        elif st.query_params.get(key) != value:
            st.query_params[key] = value


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


def with_hint(
    hints: tuple[ColorHint, ...], hint: ColorHint, size: tuple[int, int]
) -> tuple[ColorHint, ...]:
    """Hints with one more, in the place of those that its dot would cover.

    Args:
        hints: The hints.
        hint: The new one.
        size: Height and width of the photo.

    Returns:
        The hints, which may be more than `MOST_HINTS`.
    """
    (new,) = read_hints(written(hint))
    return *(each for each in hints if not is_near(each, new, size)), new


def add_hint(hint: ColorHint, size: tuple[int, int]) -> None:
    """Adds a hint to those of the photo that is shown, unless there are too many.

    Args:
        hint: The hint.
        size: Height and width of the photo.
    """
    hints = with_hint(read_hints(_versions(st.session_state[_SHOWN])[-1]), hint, size)
    if len(hints) <= MOST_HINTS:
        _change(";".join(map(written, hints)))


def is_near(hint: ColorHint, other: ColorHint, size: tuple[int, int]) -> bool:
    """Whether two hints are as near as the dots of their points are large.

    Example:
        >>> is_near(ColorHint(0.5, 0.5, 0, 0), ColorHint(0.5, 0.51, 0, 0), (300, 400))
        True
    """
    height, width = size
    distance = math.hypot((hint.down - other.down) * height, (hint.across - other.across) * width)
    return distance <= NEAR * max(size)


def remove_hints() -> None:
    """Takes all hints off the photo that is shown."""
    _change("")


def _change(text: str) -> None:
    """Gives the photo that is shown other hints."""
    name = st.session_state[_SHOWN]
    _versions(name).append(text)
    _write(name, text)


def can_undo() -> bool:
    """Whether the photo that is shown has hints, or had some."""
    versions = _versions(st.session_state[_SHOWN])
    return len(versions) > 1 or versions[-1] != ""


def undo() -> None:
    """Gives the photo that is shown the hints before the last change.

    Those that came with the address have none before them: the last is taken off.
    """
    name = st.session_state[_SHOWN]
    versions = _versions(name)
    last = versions.pop()
    if not versions:
        versions.append(last.rpartition(";")[0])
    _write(name, versions[-1])
