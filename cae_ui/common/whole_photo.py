"""The whole of a photo that is too large to be worked on while a slider moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cae_core.formats import format_bytes, format_duration
from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import encode_like
from cae_core.images.operations import to_uint8
from cae_core.long_work import OnProgress
from cae_ui.common.file_names import photo_name, words
from cae_ui.common.photo_input import Photo, admitted
from cae_ui.common.resources import results_folder
from cae_ui.common.stoppable_work import stoppable_work
from cae_ui.common.wording import plain

# Takes the whole photo, whose pixels it may write to, and a function that is called with the tiles
# done and their number.
Work = Callable[[OpenedImage, OnProgress], np.ndarray]
# Memory of the work: as floats, as bytes, and as a file; and that of one tile.
_BYTES_PER_PIXEL, _TILE_BYTES = 18, 250_000_000


def show_whole_photo(
    photo: Photo, full_size: tuple[int, int], settings: Any, verb: str, made: str, work: Work
) -> None:
    """A button that processes the whole photo, its progress, and the result as a download.

    Args:
        photo: The photo, decoded when the button is pressed.
        full_size: Its height and width.
        settings: Everything else that the result depends on; where it changes, the kept result
            goes.
        verb: Verb of the button, such as "Denoise".
        made: Part of the result's name: what was done, such as "denoised", or the network.
        work: Function that makes the result.
    """
    height, width = full_size
    st.header("The whole photo")
    key = (photo.key, settings)
    kept_under = f"whole-{verb}"
    # A file and not bytes in the session: a visitor's result would take memory for as long as he
    # stays.
    path = results_folder() / f"{words(verb)}.png"
    if st.button(
        f"{verb} all {height * width / 1e6:.1f} megapixels", icon=":material/auto_fix_high:"
    ):
        st.session_state.pop(kept_under, None)
        seconds = _work_on(photo, height * width, work, path)
        st.session_state[kept_under] = (key, seconds)
    kept = st.session_state.get(kept_under)
    if kept is None or kept[0] != key or not path.exists():
        st.caption(f"{width:,} x {height:,} pixels; the image above is reduced or a part.")
        return
    st.caption(
        f"{plain(photo.name)}, {width:,} x {height:,} pixels, done in {format_duration(kept[1])}, "
        f"{format_bytes(path.stat().st_size)}."
    )
    st.download_button(
        "Download the whole photo",
        path.read_bytes,
        photo_name(photo.name, made, height, width),
        icon=":material/download:",
        on_click="ignore",  # a new run would take the file away while the browser asks for it
    )


def _work_on(photo: Photo, pixels: int, work: Work, path: Path) -> float:
    """Saves the result as a PNG file; returns the seconds that it took."""
    with (
        stoppable_work("The network works …", key="stop-whole") as bar,
        admitted(_BYTES_PER_PIXEL * pixels + _TILE_BYTES, is_long=True),
    ):
        started = time.perf_counter()

        def advance(done: int, total: int) -> None:
            spent = time.perf_counter() - started
            left = format_duration(round(spent * (total / done - 1)))
            bar.progress(done / total, f"About {left} left")

        opened = photo.read_admitted()
        result = work(opened, advance)
        if opened.bits == 8:  # the floats go before the file is made, which takes as much
            result = to_uint8(result)
            opened = replace(opened, pixels=result)
        path.write_bytes(encode_like(opened, result))
    return time.perf_counter() - started
