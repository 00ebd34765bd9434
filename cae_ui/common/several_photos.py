"""Several photos at once: a list of them, work on one after the other, one zip of the results."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cae_core.errors import CAEError
from cae_core.formats import counted, format_bytes, format_duration
from cae_core.images.decoding import OpenedImage
from cae_core.images.encoding import save_like
from cae_core.long_work import OnProgress
from cae_ui.common.file_names import photo_name, words
from cae_ui.common.photo_choice import Thumbnail, thumbnail
from cae_ui.common.photo_input import Photo, admitted
from cae_ui.common.pixels import jpeg_url
from cae_ui.common.resources import results_folder
from cae_ui.common.stoppable_work import stoppable_work
from cae_ui.common.whole_photo import work_memory

# Makes the result of a whole photo, whose pixels it may write to, and says in a few words how.
WorkOnOne = Callable[[Photo, OpenedImage, OnProgress], tuple[np.ndarray, str]]
MOST_PIXELS = 120_000_000
"""Pixels of all photos together: the zip goes through memory while it is downloaded."""


@dataclass(frozen=True)
class _Outcome:
    """What became of one photo.

    Attributes:
        said: How its result was made, or why there is none.
        is_saved: Whether its result is in the zip.
    """

    said: str
    is_saved: bool


@dataclass(frozen=True)
class _Results:
    """What became of all photos.

    Attributes:
        outcomes: One for each photo.
        archive: The zip.
        seconds: How long the work took.
    """

    outcomes: tuple[_Outcome, ...]
    archive: Path
    seconds: float


def show_several(
    photos: Sequence[Photo], settings: Hashable, verb: str, made: str, work: WorkOnOne
) -> None:
    """A button that works on all photos, and then what became of each and a zip; nothing for one.

    Args:
        photos: The photos, decoded one after the other when the button is pressed.
        settings: Everything else that the results depend on.
        verb: Verb of the button, such as "Denoise".
        made: What is done, such as "denoised"; ends the names of the results.
        work: Function that makes the result of one.
    """
    if len(photos) < 2:
        return
    small = [thumbnail(photo) for photo in photos]
    number = sum(height * width for height, width in filter(None, (x.full_size for x in small)))
    if number > MOST_PIXELS:
        st.info(
            f"Photos that are worked on at once have {MOST_PIXELS / 1e6:.0f} megapixels together. "
            f"Received: {number / 1e6:.0f} in {len(photos)} photos. Take some off the list."
        )
        return
    kept_under, wanted = f"several-{made}", (tuple(photo.key for photo in photos), settings)
    is_asked = st.button(
        f"{verb} all {len(photos)} photos", icon=":material/burst_mode:", type="primary"
    )
    rows = st.empty()
    if is_asked:
        st.session_state.pop(kept_under, None)
        path = results_folder() / f"{words(made)}.zip"
        try:
            results = _work_on_all(photos, small, made, work, path, rows)
        except BaseException:  # cancelled
            path.unlink(missing_ok=True)
            raise
        st.session_state[kept_under] = wanted, results
    kept = st.session_state.get(kept_under)
    if kept is None or kept[0] != wanted:
        return
    results = kept[1]
    _show_rows(rows, photos, small, results.outcomes)
    saved = sum(outcome.is_saved for outcome in results.outcomes)
    st.caption(
        f"{saved} of {len(photos)} {made} in {format_duration(results.seconds)}, each at its own "
        "size."
    )
    if saved:
        st.download_button(
            f"All {made}, ZIP, {format_bytes(results.archive.stat().st_size)}",
            results.archive.read_bytes,
            f"{counted(saved, 'photo').replace(' ', '-')}-{made}.zip",
            icon=":material/download:",
            on_click="ignore",  # a new run would take the file away while the browser asks
        )


def _work_on_all(
    photos: Sequence[Photo],
    small: Sequence[Thumbnail],
    made: str,
    work: WorkOnOne,
    path: Path,
    rows: DeltaGenerator,
) -> _Results:
    """Works on one photo after the other, and saves the results in a zip under a path."""
    pixels = [0 if x.full_size is None else x.full_size[0] * x.full_size[1] for x in small]
    outcomes: list[_Outcome] = []
    started = time.perf_counter()
    with (
        stoppable_work("The network works …", key=f"cancel-{made}", label="Cancel") as bar,
        ZipFile(path, "w") as archive,  # of PNG files, which no archive makes smaller
    ):
        for index, (photo, name) in enumerate(
            zip(photos, _result_names(photos, made), strict=True)
        ):
            _show_rows(rows, photos, small, outcomes)
            before = sum(pixels[:index])

            def advance(done: int, total: int, index: int = index, before: int = before) -> None:
                share = (before + pixels[index] * done / total) / max(1, sum(pixels))
                said = f"{index + 1} of {len(photos)}"
                if share:
                    left = (time.perf_counter() - started) * (1 / share - 1)
                    said += f", about {format_duration(round(left))} left"
                bar.progress(share, said)

            advance(0, 1)
            try:
                said = _save_one(photo, small[index], work, archive, name, advance)
                outcomes.append(_Outcome(said, is_saved=True))
            except CAEError as error:
                outcomes.append(_Outcome(str(error), is_saved=False))
    return _Results(tuple(outcomes), path, time.perf_counter() - started)


def _save_one(
    photo: Photo,
    small: Thumbnail,
    work: WorkOnOne,
    archive: ZipFile,
    name: str,
    on_progress: OnProgress,
) -> str:
    """Puts the result of one photo into a zip; says how it was made.

    Raises:
        CAEError: There is none, for instance because the photo cannot be opened.
    """
    full_size = small.full_size or photo.read(longest_side=1).full_size  # which says why not
    with admitted(work_memory(full_size), is_long=True):
        opened = photo.read_admitted()
        result, said = work(photo, opened, on_progress)
        # The photo's floats go before the file is made.
        opened = replace(opened, pixels=result)
        with archive.open(name, "w", force_zip64=True) as file:
            save_like(opened, result, file)
    return said


def _result_names(photos: Sequence[Photo], made: str) -> list[str]:
    """Names of the results; the second photo of a name has a number."""
    names: list[str] = []
    for photo in photos:
        name, count = photo_name(photo.name, made), 1
        while name in names:
            count += 1
            name = photo_name(photo.name, f"{made}-{count}")
        names.append(name)
    return names


def _show_rows(
    place: DeltaGenerator,
    photos: Sequence[Photo],
    small: Sequence[Thumbnail],
    outcomes: Sequence[_Outcome],
) -> None:
    """The photos, a row each, with what became of them so far."""
    said = [outcome.said for outcome in outcomes] + ["…"] * (len(photos) - len(outcomes))
    items = "".join(
        f'<li style="display:flex;gap:0.75rem;align-items:center;margin:0 0 0.5rem">'
        f'<img src="{jpeg_url(one.image)}" alt="" width="48" height="48" '
        f'style="border-radius:4px;flex:none"><div style="min-width:0;overflow-wrap:anywhere">'
        f"<div>{html.escape(photo.name)}</div>"
        f'<div style="font-size:0.85rem;opacity:0.75">{html.escape(text)}</div></div></li>'
        for photo, one, text in zip(photos, small, said, strict=True)
    )
    place.html(f'<ul style="list-style:none;padding:0;margin:0">{items}</ul>')
