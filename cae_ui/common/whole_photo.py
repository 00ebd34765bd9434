"""The whole of a photo that is too large to be worked on while a slider moves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from cae_core.images.encoding import encode_png
from cae_core.images.operations import to_uint8
from cae_ui.common.photo_input import Photo
from cae_ui.common.wording import plain

# Takes the whole photo and a function that is called with the tiles done and their number.
Work = Callable[[np.ndarray, Callable[[int, int], None]], np.ndarray]


def show_whole_photo(
    photo: Photo, full_size: tuple[int, int], settings: Any, verb: str, participle: str, work: Work
) -> None:
    """A button that processes the whole photo, its progress, and the result as a download.

    Args:
        photo: The photo, decoded when the button is pressed.
        full_size: Its height and width.
        settings: Everything else that the result depends on; where it changes, the kept result
            goes.
        verb: Verb of the button, such as "Denoise".
        participle: Name of the file, such as "denoised".
        work: Function that makes the result.
    """
    height, width = full_size
    st.subheader("The whole photo")
    key = (photo.identity, settings)
    kept_under = f"whole-{participle}"
    if st.button(
        f"{verb} all {height * width / 1e6:.1f} megapixels", icon=":material/auto_fix_high:"
    ):
        # Kept as a file's bytes: a tenth of the image's memory.
        st.session_state[kept_under] = (key, *_worked_on(photo, work))
    kept = st.session_state.get(kept_under)
    if kept is None or kept[0] != key:
        st.caption(f"{width:,} x {height:,} pixels; the image above is reduced or a part.")
        return
    _, content, seconds = kept
    st.caption(
        f"{plain(photo.name)}, {width:,} x {height:,} pixels, done in {seconds:.1f} s, "
        f"{len(content) / 1e6:.1f} MB."
    )
    st.download_button(
        "Download the whole photo", content, f"{participle}.png", icon=":material/download:"
    )


def _worked_on(photo: Photo, work: Work) -> tuple[bytes, float]:
    """The result as a PNG file, and the seconds it took."""
    place = st.empty()
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, "The network works …")
        # A press runs the page anew, which ends this run at its next report.
        st.button("Stop", icon=":material/stop_circle:", key="stop-whole")
    started = time.perf_counter()

    def advance(done: int, total: int) -> None:
        spent = time.perf_counter() - started
        bar.progress(done / total, f"About {spent * (total / done - 1):.0f} s left")

    image = work(photo.open(), advance)
    place.empty()
    seconds = time.perf_counter() - started
    return encode_png(to_uint8(np.clip(image, 0.0, 1.0))), seconds
