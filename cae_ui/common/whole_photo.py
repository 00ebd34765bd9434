"""The whole of a photo that is too large to be worked on without being asked for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from cae_core.formats import format_bytes, format_duration
from cae_core.images.conversion import Box
from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import encode_like, save_like
from cae_core.images.operations import to_uint8
from cae_core.long_work import OnProgress
from cae_ui.common.file_names import photo_name, words
from cae_ui.common.image_views import View, show_views
from cae_ui.common.photo_input import Photo, admitted
from cae_ui.common.photo_output import FORMATS, format_input
from cae_ui.common.photo_part import part_input
from cae_ui.common.resources import results_folder
from cae_ui.common.stoppable_work import stoppable_work
from cae_ui.common.wording import plain

# Takes the whole photo, whose pixels it may write to, a function that keeps what goes into the
# network, for the comparison, and one that is called with the tiles done and their number.
Work = Callable[[OpenedImage, Callable[[np.ndarray], None], OnProgress], np.ndarray]
# Memory of the work: as floats, as bytes, and as a file; and that of one tile.
_BYTES_PER_PIXEL, _TILE_BYTES = 18, 250_000_000


def work_memory(full_size: tuple[int, int]) -> int:
    """Bytes that work on a whole photo of a height and a width takes."""
    return _BYTES_PER_PIXEL * full_size[0] * full_size[1] + _TILE_BYTES


_ROWS_AT_ONCE = 64
_PART_SIDE = 1200  # of what is shown of a result


@dataclass(frozen=True)
class WholeResult:
    """The result for a whole photo, in files: in memory it would stay as long as its visitor.

    Attributes:
        before: What went into the network, uint8 as NumPy's file.
        after: The result, likewise.
        opacity: The photo's opacity, likewise; None for an opaque one.
        files: The result as image files, by ending; a JPEG is made when it is asked for.
        seconds: How long the work took.
    """

    before: Path
    after: Path
    opacity: Path | None
    files: dict[str, Path]
    seconds: float


def kept_whole(photo: Photo, settings: Any, made: str) -> WholeResult | None:
    """The result for a whole photo and the present settings; None before it was asked for.

    Args:
        photo: The photo.
        settings: Everything else that the result depends on.
        made: Part of the result's name: what was done, such as "denoised", or the network.
    """
    kept = st.session_state.get(f"whole-{made}")
    if kept is None or kept[0] != (photo.key, settings):
        return None
    result: WholeResult = kept[1]
    return result


def whole_button(
    photo: Photo, full_size: tuple[int, int], settings: Any, verb: str, made: str, work: Work
) -> None:
    """A button that works on the whole photo; when that is done the page runs anew.

    Args:
        photo: The photo, decoded when the button is pressed.
        full_size: Its height and width.
        settings: See `kept_whole`.
        verb: Verb of the button, such as "Denoise".
        made: See `kept_whole`.
        work: Function that makes the result.

    Raises:
        ImageError: The photo cannot be opened, or is too large for this server.
    """
    height, width = full_size
    if st.button(
        f"{verb} all {height * width / 1e6:.1f} megapixels",
        icon=":material/auto_fix_high:",
        type="primary",
    ):
        kept_under = f"whole-{made}"
        st.session_state.pop(kept_under, None)
        result = _work_on(photo, full_size, work, results_folder() / words(made))
        st.session_state[kept_under] = (photo.key, settings), result
        st.rerun()
    st.caption(f"{width:,} x {height:,} pixels; the image above is reduced or a part.")


def _work_on(photo: Photo, full_size: tuple[int, int], work: Work, path: Path) -> WholeResult:
    """Saves the result for a photo of that size under a path, with several endings."""
    before, after, opacity = (
        path.with_suffix(f".{name}.npy") for name in ("before", "after", "opacity")
    )
    with (
        stoppable_work("The network works …", key="stop-whole", label="Cancel") as bar,
        admitted(work_memory(full_size), is_long=True),
    ):
        started = time.perf_counter()

        def advance(done: int, total: int) -> None:
            spent = time.perf_counter() - started
            left = format_duration(round(spent * (total / done - 1)))
            bar.progress(done / total, f"About {left} left")

        opened = photo.read_admitted()
        result = work(opened, lambda noisy: _keep(before, noisy), advance)
        _keep(after, result)
        if opened.opacity is not None:
            _keep(opacity, opened.opacity)
        if opened.bits == 8:  # the floats go before the file is made, which takes as much
            result = np.load(after, mmap_mode="r")
            opened = replace(opened, pixels=result)
        endings = (".png",) if opened.bits == 8 else (".png", ".tif")
        files = {ending: path.with_suffix(ending) for ending in endings}
        for ending, target in files.items():
            bar.progress(1.0, f"Saving as {FORMATS[ending]} …")
            with target.open("wb") as file:
                save_like(opened, result, file, ending)
    seen = None if opened.opacity is None else opacity
    return WholeResult(before, after, seen, files, time.perf_counter() - started)


def show_whole(
    result: WholeResult,
    photo: Photo,
    small: OpenedImage,
    labels: tuple[str, str],
    made: str,
    box: Box | None = None,
) -> None:
    """A part of a whole photo and of its result under the comparison slider, and the downloads.

    Args:
        result: The result.
        photo: The photo.
        small: The photo, reduced.
        labels: Labels of the photo and of its result.
        made: See `kept_whole`.
        box: The part, where the page has chosen one already.
    """
    left, top, right, bottom = part_input(small, _PART_SIDE) if box is None else box
    rows, columns = slice(top, bottom), slice(left, right)
    before, after = (
        np.array(np.load(path, mmap_mode="r")[rows, columns])
        for path in (result.before, result.after)
    )
    part = replace(small, opacity=None)
    if result.opacity is not None:
        share = np.load(result.opacity, mmap_mode="r")[rows, columns]
        part = replace(small, opacity=share / np.float32(255))
    view: View = (
        (before / np.float32(255), labels[0]),
        (
            lambda: after / np.float32(255),
            labels[1],
        ),
    )
    show_views({made: view}, part, key=f"whole-slider-{made}", choice="whole-show")
    height, width = small.full_size
    st.caption(
        f"The whole of {plain(photo.name)}, {width:,} x {height:,} pixels, done in "
        f"{format_duration(result.seconds)}. Above is a part, 1:1 shows its pixels."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        place = st.container(width="content")
        ending, quality = format_input(small)
        label = f"{made.capitalize()}, {FORMATS[ending]}"
        content: Callable[[], bytes] = partial(_jpeg, result, small, quality)
        if ending in result.files:
            label += f", {format_bytes(result.files[ending].stat().st_size)}"
            content = result.files[ending].read_bytes
        place.download_button(
            label,
            content,
            photo_name(photo.name, made, ending),
            icon=":material/download:",
            on_click="ignore",  # a new run would take the file away while the browser asks
        )


def _jpeg(result: WholeResult, small: OpenedImage, quality: int) -> bytes:
    """A result as a JPEG file."""
    opacity = None
    if result.opacity is not None:
        opacity = np.load(result.opacity) / np.float32(255)
    opened = replace(small, opacity=opacity)
    return encode_like(opened, np.load(result.after), ".jpg", quality)


def _keep(path: Path, image: np.ndarray) -> None:
    """Writes an image as bytes into NumPy's file, some rows at a time."""
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": image.shape}
        np.lib.format.write_array_header_1_0(file, header)
        for top in range(0, len(image), _ROWS_AT_ONCE):
            file.write(to_uint8(image[top : top + _ROWS_AT_ONCE]).tobytes())
