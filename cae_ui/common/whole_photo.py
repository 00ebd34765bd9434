"""The whole of a photo that is too large to be worked on without being asked for it.

The work goes on in the background while settings, photos and pages change. A session has one such
work or its result; what was made with other settings than the present ones is not shown as theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from cae_core.formats import format_bytes, format_duration, format_size
from cae_core.images.conversion import Box
from cae_core.images.decoding import OpenedImage
from cae_core.long_work import OnProgress
from cae_ui.common.background_work import BackgroundWork, show_background_work
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import photo_name
from cae_ui.common.photo_input import Photo
from cae_ui.common.photo_output import FORMATS, format_input, say_lost
from cae_ui.common.photo_part import part_input
from cae_ui.common.resources import Folder
from cae_ui.common.saved_result import SavedResult, keep, save_result
from cae_ui.common.section import section
from cae_ui.common.wording import attempt, plain, show_error

# Takes the whole photo, whose pixels it may write to, a function that keeps what goes into the
# network, for the comparison, and one that is called with the tiles done and their number. It is
# called in a thread of its own.
Work = Callable[[OpenedImage, Callable[[np.ndarray], None], OnProgress], np.ndarray]
# Memory of the work: as floats, as bytes, and as a file; and that of one tile.
_BYTES_PER_PIXEL, _TILE_BYTES = 18, 250_000_000
_PART_SIDE = 1200  # of what is shown of a result
_TASK = "whole-photo"  # key of the session's only task


def work_memory(full_size: tuple[int, int]) -> int:
    """Bytes that work on a whole photo of a height and a width takes."""
    return _BYTES_PER_PIXEL * full_size[0] * full_size[1] + _TILE_BYTES


@dataclass(frozen=True)
class WholeResult:
    """The result for a whole photo, in files.

    Attributes:
        before: What went into the network, uint8 as NumPy's file.
        saved: The result.
        seconds: How long the work took.
        folder: Where the files are, as long as anything holds it.
    """

    before: Path
    saved: SavedResult
    seconds: float
    folder: Folder


@dataclass(frozen=True)
class WholePart:
    """A part of a whole photo and of its result, 1:1.

    Attributes:
        before: What went into the network, float32 (H, W) or (H, W, C) in [0, 1].
        after: The result, likewise.
        opened: The photo, with the part's opacity.
        box: The part, in pixels of the photo.
    """

    before: np.ndarray
    after: np.ndarray
    opened: OpenedImage
    box: Box


@dataclass(frozen=True)
class WholeRequest:
    """Work on a whole photo, which a visitor may ask for.

    Attributes:
        photo: The photo, decoded when the work begins.
        full_size: Its height and width.
        settings: Everything else that the result depends on.
        made: Part of the result's name: what was done, such as "denoised", or the network.
        described: What is made, and by which settings, in a few words.
        work: Function that makes the result.
    """

    photo: Photo
    full_size: tuple[int, int]
    settings: Hashable
    made: str
    described: str
    work: Work

    @property
    def key(self) -> Hashable:
        """Photo and settings: another key means another result."""
        return self.photo.key, self.settings, self.made


@dataclass(frozen=True)
class _Task:
    """Work on a whole photo that was asked for, or what came of it.

    Attributes:
        request: What was asked for.
        work: The work.
    """

    request: WholeRequest
    work: BackgroundWork[WholeResult]

    @property
    def said(self) -> str:
        """Photo and settings in words, as Markdown."""
        return f"{plain(self.request.photo.name)}, {plain(self.request.described)}"


def kept_whole(request: WholeRequest) -> WholeResult | None:
    """The result for a whole photo and the present settings; None where it is not there."""
    task = _task()
    return None if task is None or task.request.key != request.key else task.work.result


@section
def whole_input(request: WholeRequest, verb: str, *, is_part: bool = False) -> None:
    """A button that begins work on the whole photo; in its place, how far that work is.

    Args:
        request: The work.
        verb: Verb of the button, such as "Denoise".
        is_part: Whether the page shows a part of the photo, and not the photo reduced.
    """
    task = _task()
    if task is not None and task.work.is_running and task.request.key == request.key:
        show_background_work(task.work, "cancel-whole")
    else:
        _begin_input(request, verb)
    height, width = request.full_size
    shown = "a part of" if is_part else "reduced from"
    st.caption(f"The image above is {shown} {format_size(width, height)} pixels.")


def _begin_input(request: WholeRequest, verb: str) -> None:
    """A button that begins work, in the place of other work too; above, why it failed before."""
    height, width = request.full_size
    label, task = f"{verb} all {height * width / 1e6:.1f} megapixels", _task()
    if task is not None and task.work.is_running:
        label = "Begin again as set now"
    elif task is not None and task.request.key == request.key and task.work.error is not None:
        show_error(task.work.error)
    is_pressed = st.button(label, icon=":material/auto_fix_high:", type="primary")
    if is_pressed and attempt(_begin, request):
        st.rerun()


def show_other_work(request: WholeRequest) -> None:
    """How far the session's work on a whole photo is, or its result, where other settings are set.

    Work as set is shown by `whole_input`, its result by `show_whole`.

    Args:
        request: The photo that the page shows, and its settings.
    """
    place = st.empty()  # in every run, so that what comes below is not drawn anew
    task = _task()
    if task is None or task.request.key == request.key:
        return
    with place.container():
        if task.work.is_running:
            st.info(
                f"Being worked on: {task.said}. That is not what is set now.",
                icon=":material/hourglass_top:",
            )
            show_background_work(task.work, "cancel-whole")
        elif task.work.result is not None and task.request.made == request.made:
            _show_earlier(task, task.work.result)  # else another page has it


def _show_earlier(task: _Task, result: WholeResult) -> None:
    """A result of other settings, as a download."""
    file = result.saved.files[".png"]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/task_alt: Done: {task.said}. That is not what is set now.", width="stretch"
        )
        show_download(
            f"{task.request.made.capitalize()} before, PNG, {format_bytes(file.stat().st_size)}",
            file.read_bytes,
            photo_name(task.request.photo.name, task.request.made),
        )


def _task() -> _Task | None:
    """The session's work on a whole photo."""
    task: _Task | None = st.session_state.get(_TASK)
    return task


def _begin(request: WholeRequest) -> None:
    """Begins work on a whole photo, in the place of the session's last one.

    Raises:
        ImageError: The host has set the memory for images wrongly.
    """
    last = _task()
    if last is not None:
        last.work.cancel()
    read = request.photo.reader()
    st.session_state[_TASK] = _Task(
        request, BackgroundWork(partial(_work_on, request.full_size, read, request.work))
    )


def _work_on(
    full_size: tuple[int, int],
    read: Callable[[], OpenedImage],
    work: Work,
    background: BackgroundWork[WholeResult],
) -> WholeResult:
    """Saves the result for a photo of that size, with several endings."""
    folder = Folder()
    before = folder.path / "before.npy"

    def make() -> tuple[OpenedImage, np.ndarray]:
        opened = read()
        result = work(
            opened, partial(keep, before), lambda done, total: background.report(done / total)
        )
        return opened, result

    with background.admitted(work_memory(full_size)):
        started = time.perf_counter()
        saved = save_result(
            folder.path, make, lambda name: background.report(1.0, f"Saving as {name} …")
        )
    return WholeResult(before, saved, time.perf_counter() - started, folder)


def show_whole(
    result: WholeResult,
    photo: Photo,
    small: OpenedImage,
    made: str,
    show: Callable[[WholePart], object],
    box: Box | None = None,
) -> None:
    """A part of a whole photo and of its result, which can be chosen, and the downloads.

    Args:
        result: The result.
        photo: The photo.
        small: The photo, reduced.
        made: See `WholeRequest`.
        show: Function that shows the part.
        box: The part, where the page has chosen one already.
    """
    left, top, right, bottom = box = box or part_input(small, _PART_SIDE)
    before, after, opacity = (
        None if path is None
        else np.load(path, mmap_mode="r")[top:bottom, left:right] / np.float32(255)
        for path in (result.before, result.saved.pixels, result.saved.opacity)
    )  # fmt: skip
    assert before is not None  # noqa: S101 - only the opacity can be missing
    assert after is not None  # noqa: S101
    show(WholePart(before, after, replace(small, opacity=opacity), box))
    height, width = small.full_size
    st.caption(
        f"The whole of {plain(photo.name)}, {format_size(width, height)} pixels, done in "
        f"{format_duration(result.seconds)}. Above is a part, 1:1 shows its pixels."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        place = st.container(width="content")
        ending, quality = format_input(photo, small)
        label = f"{made.capitalize()}, {FORMATS[ending]}"
        if ending in result.saved.files:
            label += f", {format_bytes(result.saved.files[ending].stat().st_size)}"
        content = partial(result.saved.encoded, ending, quality)
        with place:
            show_download(label, content, photo_name(photo.name, made, ending))
    say_lost(photo, small, ending)
