"""Several photos at once: a list of them, work on one after the other, one zip of the results.

The work goes on in the background while settings and pages change; a session has one such work.
"""

from __future__ import annotations

import html
import io
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import numpy as np
import streamlit as st

from cae_core.errors import CAEError, StoppedError
from cae_core.formats import counted, format_bytes, format_duration
from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import JPEG_QUALITY
from cae_core.long_work import OnProgress
from cae_ui.common.background_work import BackgroundWork, show_background_work
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import photo_name
from cae_ui.common.photo_choice import Thumbnail, thumbnail
from cae_ui.common.photo_input import Photo
from cae_ui.common.photo_output import ending_for, zip_format_input
from cae_ui.common.pixels import jpeg_url
from cae_ui.common.resources import Folder
from cae_ui.common.saved_result import SavedResult, save_result
from cae_ui.common.whole_photo import work_memory
from cae_ui.common.wording import attempt, show_error

# Makes the result of a whole photo, whose pixels it may write to, and says in a few words how. It
# is called in a thread of its own.
WorkOnOne = Callable[[Photo, OpenedImage, OnProgress], tuple[np.ndarray, str]]
MOST_PIXELS = 120_000_000
"""Pixels of all photos together: the zip goes through memory while it is downloaded."""

_TASK = "several-photos"  # key of the session's only task


@dataclass(frozen=True)
class _Outcome:
    """The outcome of one photo.

    Attributes:
        said: How its result was made, or why there is none.
        saved: Its result, where there is one.
    """

    said: str
    saved: SavedResult | None = None


class _Input(NamedTuple):
    """One photo of several.

    Attributes:
        photo: The photo.
        full_size: Its height and width; those of nothing where it cannot be opened.
        read: Function that reads it in any thread.
    """

    photo: Photo
    full_size: tuple[int, int]
    read: Callable[[], OpenedImage]


@dataclass(frozen=True)
class _Task:
    """Work on several photos, or what came of it.

    Attributes:
        wanted: Photos, settings, and what is done.
        made: See `show_several`.
        names: Names of the photos.
        small: Their thumbnails.
        outcomes: What became of the first ones so far.
        folder: Where their results are, as long as anything holds it.
        work: The work; its result is how many seconds it took.
    """

    wanted: Hashable
    made: str
    names: Sequence[str]
    small: Sequence[Thumbnail]
    outcomes: list[_Outcome]
    folder: Folder
    work: BackgroundWork[float]


def show_several(
    photos: Sequence[Photo], settings: Hashable, verb: str, made: str, work: WorkOnOne
) -> None:
    """A button that works on all photos, then what became of each and a zip; none for one photo.

    Args:
        photos: The photos, decoded one after the other when the button is pressed.
        settings: Everything else that the results depend on.
        verb: Verb of the button, such as "Denoise".
        made: What is done, such as "denoised"; ends the names of the results.
        work: Function that makes the result of one.
    """
    file_format = zip_format_input() if len(photos) > 1 else (".png", JPEG_QUALITY)
    wanted = tuple(photo.key for photo in photos), settings, made
    place = st.empty()
    task = _task()
    if task is None or not task.work.is_running or task.wanted != wanted:
        with place.container():
            _show_task(wanted, file_format)
            if not _may_begin(photos) or not st.button(
                "Begin again as set now"
                if task is not None and task.work.is_running
                else f"{verb} all {len(photos)} photos",
                icon=":material/burst_mode:",
                type="primary",
            ):
                return
        if not attempt(_begin, photos, wanted, made, work):
            return
    with place.container():
        _show_task(wanted, file_format)


def _may_begin(photos: Sequence[Photo]) -> bool:
    """Whether there are several photos, and not too many; says so where there are."""
    if len(photos) < 2:
        return False
    sizes = [thumbnail(photo).full_size or (0, 0) for photo in photos]
    number = sum(height * width for height, width in sizes)
    if number > MOST_PIXELS:
        st.info(
            f"Photos that are worked on at once have {MOST_PIXELS / 1e6:.0f} megapixels together. "
            f"Received: {number / 1e6:.0f} in {len(photos)} photos. Take some off the list."
        )
    return number <= MOST_PIXELS


def _task() -> _Task | None:
    """The session's work on several photos."""
    task: _Task | None = st.session_state.get(_TASK)
    return task


def _begin(photos: Sequence[Photo], wanted: Hashable, made: str, work: WorkOnOne) -> None:
    """Begins work on all photos, in the place of the session's last one.

    Raises:
        ImageError: The host has set a limit for images wrongly.
    """
    last = _task()
    if last is not None:
        last.work.cancel()
    small = [thumbnail(photo) for photo in photos]
    inputs = [
        _Input(photo, tile.full_size or (0, 0), photo.reader())
        for photo, tile in zip(photos, small, strict=True)
    ]
    names = [photo.name for photo in photos]
    outcomes: list[_Outcome] = []
    folder = Folder()
    background = BackgroundWork(partial(_work_on_all, inputs, outcomes, folder, work))
    st.session_state[_TASK] = _Task(wanted, made, names, small, outcomes, folder, background)


def _show_task(wanted: Hashable, file_format: tuple[str, int]) -> None:
    """How far the session's work is, or what came of it; says where that is not what is set."""
    task = _task()
    if task is None:
        return
    count, is_other = len(task.names), task.wanted != wanted
    if task.work.is_running:
        if is_other:
            st.info(
                f"{count} photos are being {task.made}, but not as set now.",
                icon=":material/hourglass_top:",
            )
        show_background_work(
            task.work,
            "cancel-several",
            lambda: _show_rows(task, _endings(task, file_format[0]), "…"),
        )
        return
    if task.work.error is not None and not is_other:
        show_error(task.work.error)
    endings = _endings(task, file_format[0])
    saved = [
        (name, ending, outcome.saved)
        for name, ending, outcome in zip(task.names, endings, list(task.outcomes), strict=False)
        if outcome.saved is not None
    ]
    if is_other and saved:
        st.caption(f":material/task_alt: {len(saved)} of {count} {task.made}, but not as set now.")
    elif not is_other:
        _show_rows(task, endings, f"Not {task.made}")
        st.caption(_ended(task, len(saved)))
    if saved:
        _show_zip(saved, file_format[1], f"{task.made}{' before' if is_other else ''}", task.made)


def _endings(task: _Task, ending: str) -> list[str]:
    """The ending of every result's name, by the choice of `zip_format_input`."""
    return [
        ending_for(name, tile.full_size or (0, 0), ending)
        for name, tile in zip(task.names, task.small, strict=True)
    ]


def _ended(task: _Task, saved: int) -> str:
    """A sentence on how work has ended, of whose photos some have a result."""
    seconds = task.work.result
    said = f"{saved} of {len(task.names)} {task.made}"
    if seconds is not None:
        return f"{said} in {format_duration(seconds)}, each at its own size."
    return f"{said}." if task.work.error is not None else f"Cancelled, {said}."


def _show_zip(
    saved: Sequence[tuple[str, str, SavedResult]], quality: int, said: str, made: str
) -> None:
    """A button that downloads results as a zip, encoded anew where they are no such files yet.

    Args:
        saved: Names of the photos, endings of their results' names, and the results.
        quality: Quality of a JPEG.
        said: What is in the zip, for the button.
        made: See `show_several`.
    """
    label = f"All {said}, ZIP"
    files = [result.files[ending] for _, ending, result in saved if ending in result.files]
    if len(files) == len(saved):
        label += f", {format_bytes(sum(file.stat().st_size for file in files))}"
    show_download(
        label,
        partial(_zipped, saved, made, quality),
        f"{counted(len(saved), 'photo').replace(' ', '-')}-{made}.zip",
    )


def _zipped(saved: Sequence[tuple[str, str, SavedResult]], made: str, quality: int) -> bytes:
    """The content of a zip of results, see `_show_zip`."""
    content = io.BytesIO()
    taken: set[str] = set()  # some file systems take Photo.png and photo.png for one
    with ZipFile(content, "w") as archive:  # of packed files, which no archive makes smaller
        for photo, ending, result in saved:
            name, count = photo_name(photo, made, ending), 1
            while name.casefold() in taken:
                count += 1
                name = photo_name(photo, f"{made}-{count}", ending)
            taken.add(name.casefold())
            archive.writestr(name, result.encoded(ending, quality))
    return content.getvalue()


def _work_on_all(
    inputs: Sequence[_Input],
    outcomes: list[_Outcome],
    folder: Folder,
    work: WorkOnOne,
    background: BackgroundWork[float],
) -> float:
    """Works on one photo after the other, and saves the results; returns the seconds it took."""
    pixels = [height * width for height, width in (one.full_size for one in inputs)]
    started = time.perf_counter()
    for index, one in enumerate(inputs):
        before = sum(pixels[:index])

        def advance(done: int, total: int, index: int = index, before: int = before) -> None:
            share = (before + pixels[index] * done / total) / max(1, sum(pixels))
            said = f"{index + 1} of {len(inputs)}"
            if share:
                left = (time.perf_counter() - started) * (1 / share - 1)
                said += f", about {format_duration(round(left))} left"
            background.report(share, said)

        advance(0, 1)
        place = folder.path / str(index)
        place.mkdir()
        try:
            outcomes.append(_outcome(one, place, work, background, advance))
        except StoppedError:
            raise
        except CAEError as error:
            outcomes.append(_Outcome(str(error)))
    return time.perf_counter() - started


def _outcome(
    one: _Input,
    place: Path,
    work: WorkOnOne,
    background: BackgroundWork[float],
    on_progress: OnProgress,
) -> _Outcome:
    """Saves the result of one photo in a folder; says how it was made.

    Raises:
        CAEError: There is none, for instance because the photo cannot be opened.
    """
    said = ""

    def make() -> tuple[OpenedImage, np.ndarray]:
        nonlocal said
        opened = one.read()
        result, said = work(one.photo, opened, on_progress)
        on_progress(1, 1)  # nothing is saved after it was cancelled
        return opened, result

    # For one that cannot be opened, which says why not, a little memory is enough.
    with background.admitted(work_memory(one.full_size)):
        saved = save_result(place, make)
    return _Outcome(said, saved)


def _show_rows(task: _Task, endings: Sequence[str], rest: str) -> None:
    """The photos, a row each, with what became of them so far, and of the rest a few words."""
    outcomes = zip(list(task.outcomes), endings, strict=False)
    said = [_said(outcome, ending) for outcome, ending in outcomes]
    said += [rest] * (len(task.names) - len(said))
    items = "".join(
        f'<li style="display:flex;gap:0.75rem;align-items:center;margin:0 0 0.5rem">'
        f'<img src="{jpeg_url(tile.image)}" alt="" width="48" height="48" '
        f'style="border-radius:4px;flex:none"><div style="min-width:0;overflow-wrap:anywhere">'
        f"<div>{html.escape(name)}</div>"
        f'<div style="font-size:0.85rem;opacity:0.75">{html.escape(text)}</div></div></li>'
        for name, tile, text in zip(task.names, task.small, said, strict=True)
    )
    st.html(f'<ul style="list-style:none;padding:0;margin:0">{items}</ul>')


def _said(outcome: _Outcome, ending: str) -> str:
    """How a result was made, and what a file of a format lacks of the photo's."""
    if outcome.saved is None:
        return outcome.said
    lost = (*outcome.saved.opened.left_out, *outcome.saved.lost[ending])
    return f"{outcome.said.rstrip('.')}. Not kept: {', '.join(lost)}." if lost else outcome.said
