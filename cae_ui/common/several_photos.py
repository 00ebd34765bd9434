"""Several photos at once: a list of them, work on one after the other, one zip of the results.

The work goes on in the background while settings and pages change; a session has one such work.
"""

from __future__ import annotations

import html
import shutil
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePath
from tempfile import TemporaryFile
from typing import NamedTuple
from zipfile import ZipFile

import numpy as np
import streamlit as st

from cae_core.errors import CAEError, StoppedError
from cae_core.formats import counted, format_bytes, format_duration
from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import JPEG_QUALITY, LONGEST_JPEG, lost_as, save_like
from cae_core.long_work import OnProgress
from cae_ui.common.background_work import BackgroundWork, show_background_work
from cae_ui.common.downloads import show_download
from cae_ui.common.file_names import photo_name, words
from cae_ui.common.photo_choice import Thumbnail, thumbnail
from cae_ui.common.photo_input import Photo
from cae_ui.common.photo_output import zip_format_input
from cae_ui.common.pixels import jpeg_url
from cae_ui.common.resources import Folder
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
        is_saved: Whether its result is in the zip.
    """

    said: str
    is_saved: bool


@dataclass(frozen=True)
class _Results:
    """The results of all photos.

    Attributes:
        archive: The zip.
        seconds: How long the work took.
        folder: Where the zip is, as long as anything holds it.
    """

    archive: Path
    seconds: float
    folder: Folder


class _Input(NamedTuple):
    """One photo of several.

    Attributes:
        photo: The photo.
        full_size: Its height and width; None where it cannot be opened.
        result_name: Name of its result.
        quality: Quality of its result, where that is a JPEG.
        read: Function that reads it in any thread.
    """

    photo: Photo
    full_size: tuple[int, int] | None
    result_name: str
    quality: int
    read: Callable[[], OpenedImage]


@dataclass(frozen=True)
class _Task:
    """Work on several photos, or what came of it.

    Attributes:
        wanted: Photos, settings and kind of the result.
        made: See `show_several`.
        names: Names of the photos.
        small: Their thumbnails.
        outcomes: What became of the first ones so far.
        work: The work.
    """

    wanted: Hashable
    made: str
    names: Sequence[str]
    small: Sequence[Thumbnail]
    outcomes: list[_Outcome]
    work: BackgroundWork[_Results]


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
    wanted = tuple(photo.key for photo in photos), settings, made, file_format
    place = st.empty()
    task = _task()
    if task is None or not task.work.is_running or task.wanted != wanted:
        with place.container():
            _show_task(wanted)
            if not _may_begin(photos) or not st.button(
                "Begin again as set now"
                if task is not None and task.work.is_running
                else f"{verb} all {len(photos)} photos",
                icon=":material/burst_mode:",
                type="primary",
            ):
                return
        if not attempt(_begin, photos, wanted, made, file_format, work):
            return
    with place.container():
        _show_task(wanted)


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


def _begin(
    photos: Sequence[Photo],
    wanted: Hashable,
    made: str,
    file_format: tuple[str, int],
    work: WorkOnOne,
) -> None:
    """Begins work on all photos, in the place of the session's last one.

    Raises:
        ImageError: The host has set a limit for images wrongly.
    """
    last = _task()
    if last is not None:
        last.work.cancel()
    small = [thumbnail(photo) for photo in photos]
    ending, quality = file_format
    endings = [
        # The format has no longer sides.
        ".png" if ending == ".jpg" and max(tile.full_size or (0, 0)) > LONGEST_JPEG else ending
        for tile in small
    ]
    inputs = [
        _Input(photo, tile.full_size, name, quality, photo.reader())
        for photo, tile, name in zip(
            photos, small, _result_names(photos, made, endings), strict=True
        )
    ]
    outcomes: list[_Outcome] = []
    background = BackgroundWork(partial(_work_on_all, inputs, outcomes, made, work))
    names = [photo.name for photo in photos]
    st.session_state[_TASK] = _Task(wanted, made, names, small, outcomes, background)


def _show_task(wanted: Hashable) -> None:
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
        show_background_work(task.work, "cancel-several", lambda: _show_rows(task))
        return
    if task.work.error is not None and not is_other:
        show_error(task.work.error)
    results = task.work.result
    if results is None:
        return
    saved = sum(outcome.is_saved for outcome in task.outcomes)
    if is_other:
        st.caption(f":material/task_alt: {saved} of {count} {task.made}, but not as set now.")
    else:
        _show_rows(task)
        st.caption(
            f"{saved} of {count} {task.made} in {format_duration(results.seconds)}, each at its "
            "own size."
        )
    if saved:
        before = " before" if is_other else ""
        show_download(
            f"All {task.made}{before}, ZIP, {format_bytes(results.archive.stat().st_size)}",
            results.archive.read_bytes,
            f"{counted(saved, 'photo').replace(' ', '-')}-{task.made}.zip",
        )


def _work_on_all(
    photos: Sequence[_Input],
    outcomes: list[_Outcome],
    made: str,
    work: WorkOnOne,
    background: BackgroundWork[_Results],
) -> _Results:
    """Works on one photo after the other, and saves the results in a zip."""
    folder = Folder()
    path = folder.path / f"{words(made)}.zip"
    sizes = [photo.full_size or (0, 0) for photo in photos]
    pixels = [height * width for height, width in sizes]
    started = time.perf_counter()
    with ZipFile(path, "w") as archive:  # of packed files, which no archive makes smaller
        for index, photo in enumerate(photos):
            before = sum(pixels[:index])

            def advance(done: int, total: int, index: int = index, before: int = before) -> None:
                share = (before + pixels[index] * done / total) / max(1, sum(pixels))
                said = f"{index + 1} of {len(photos)}"
                if share:
                    left = (time.perf_counter() - started) * (1 / share - 1)
                    said += f", about {format_duration(round(left))} left"
                background.report(share, said)

            advance(0, 1)
            try:
                said = _save_one(photo, work, archive, background, advance)
                outcomes.append(_Outcome(said, is_saved=True))
            except StoppedError:
                raise
            except CAEError as error:
                outcomes.append(_Outcome(str(error), is_saved=False))
    return _Results(path, time.perf_counter() - started, folder)


def _save_one(
    photo: _Input,
    work: WorkOnOne,
    archive: ZipFile,
    background: BackgroundWork[_Results],
    on_progress: OnProgress,
) -> str:
    """Puts the result of one photo into a zip; says how it was made.

    Raises:
        CAEError: There is none, for instance because the photo cannot be opened.
    """
    # For one that cannot be opened, which says why not, a little memory is enough.
    with background.admitted(work_memory(photo.full_size or (0, 0))):
        opened = photo.read()
        result, said = work(photo.photo, opened, on_progress)
        # The photo's floats go before the file is made.
        opened = replace(opened, pixels=result)
        ending = PurePath(photo.result_name).suffix
        with TemporaryFile() as file:  # a TIFF is not written from its beginning to its end
            save_like(opened, result, file, ending, photo.quality)
            file.seek(0)
            with archive.open(photo.result_name, "w", force_zip64=True) as member:
                shutil.copyfileobj(file, member)
    lost = (*opened.left_out, *lost_as(opened, ending))
    if lost:
        said = f"{said.rstrip('.')}. Not kept: {', '.join(lost)}."
    return said


def _result_names(photos: Sequence[Photo], made: str, endings: Sequence[str]) -> list[str]:
    """Names of the results; the second photo of a name has a number."""
    names: list[str] = []
    for photo, ending in zip(photos, endings, strict=True):
        name, count = photo_name(photo.name, made, ending), 1
        while name in names:
            count += 1
            name = photo_name(photo.name, f"{made}-{count}", ending)
        names.append(name)
    return names


def _show_rows(task: _Task) -> None:
    """The photos, a row each, with what became of them so far."""
    said = [outcome.said for outcome in task.outcomes]
    said += ["…"] * (len(task.names) - len(said))
    items = "".join(
        f'<li style="display:flex;gap:0.75rem;align-items:center;margin:0 0 0.5rem">'
        f'<img src="{jpeg_url(one.image)}" alt="" width="48" height="48" '
        f'style="border-radius:4px;flex:none"><div style="min-width:0;overflow-wrap:anywhere">'
        f"<div>{html.escape(name)}</div>"
        f'<div style="font-size:0.85rem;opacity:0.75">{html.escape(text)}</div></div></li>'
        for name, one, text in zip(task.names, task.small, said, strict=True)
    )
    st.html(f'<ul style="list-style:none;padding:0;margin:0">{items}</ul>')
