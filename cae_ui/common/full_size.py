"""Photos of a few megapixels at full size: after a preview, without being asked for it.

A network takes seconds for them. While a slider moves, the page shows the photo reduced; when it
comes to rest, the same run works on the whole, and the page then runs anew with the result. A
slider that is moved meanwhile ends that run.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core.formats import format_duration, format_size
from cae_core.images.decoding import OpenedImage
from cae_core.long_work import OnProgress
from cae_ui.common.photo_input import FAST_PIXELS, Photo, admitted

WHOLE_PIXELS = 2_000_000
"""Larger photos are worked on whole at a press of a button only."""

_KEPT_BYTES = 200_000_000
# Of work: what is put into the network, what comes out, and copies; and of a result.
_BYTES_PER_PIXEL, _KEPT_PER_PIXEL = 36, 13


_LAST = "full-size-shown"  # key of the result that the visitor saw last


class _Kept:
    """The last photos and results of all visitors, as many as memory allows."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Any:
        """The value that is kept under a key; None where there is none."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """Keeps a value of so many bytes, and forgets the oldest ones."""
        with self._lock:
            self._entries[key] = value, size
            while sum(size for _, size in self._entries.values()) > _KEPT_BYTES:
                self._entries.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _kept() -> _Kept:
    """One for the server: a visitor who leaves frees nothing."""
    return _Kept()


def is_shown_whole(full_size: tuple[int, int]) -> bool:
    """Whether a photo of this height and width is worked on at full size after a preview."""
    return FAST_PIXELS < full_size[0] * full_size[1] <= WHOLE_PIXELS


def full_size_photo(photo: Photo) -> OpenedImage:
    """A photo for which `is_shown_whole`; its pixels are not to be written to.

    Raises:
        ImageError: It cannot be opened.
    """
    opened: OpenedImage | None = _kept().get(photo.key)
    if opened is None:
        opened = photo.read()
        _kept().put(photo.key, opened, opened.pixels.nbytes)
    return opened


def full_size_result(
    photo: Photo,
    settings: Hashable,
    preview: Callable[[Any], DeltaGenerator],
    work: Callable[[OpenedImage, OnProgress], Any],
) -> Any:
    """The result for a whole photo; until it is there, a preview and a line of progress.

    Args:
        photo: One for which `is_shown_whole`.
        settings: Everything else that the result depends on.
        preview: Function that shows the preview; it gets the last result for this photo, of other
            settings, or None, and returns a place for the line.
        work: Function that makes the result of the photo, whose pixels it may not write to.

    Raises:
        ImageError: The photo cannot be opened.
    """
    key = photo.key, settings
    result = _kept().get(key)
    if result is not None:
        st.session_state[_LAST] = key
        return result
    last = st.session_state.get(_LAST)
    place = preview(_kept().get(last) if last is not None and last[0] == photo.key else None)
    opened = full_size_photo(photo)  # takes memory of its own, so before any is held
    height, width = opened.full_size
    said = f"At full size, {format_size(width, height)}"
    place.progress(0.0, f"{said} …")
    started = time.perf_counter()

    def advance(done: int, total: int) -> None:
        left = (time.perf_counter() - started) * (total / done - 1)
        place.progress(done / total, f"{said}: about {format_duration(round(left))} left")

    with admitted(_BYTES_PER_PIXEL * height * width):
        result = work(opened, advance)
    _kept().put(key, result, _KEPT_PER_PIXEL * height * width)
    st.rerun()
