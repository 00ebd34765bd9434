"""A visitor's photos: uploads that stay for the session, and are there on every page.

Streamlit forgets an upload when the visitor leaves the page that has its widget.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cae_ui.common.photo_input import Photo

_KEPT = "kept-uploads"


@dataclass
class _Upload:
    """An upload, in the session.

    Attributes:
        name: Name of the file.
        identity: Streamlit's for it.
        file: The file; None where only the widget has it, because there is no room for it.
    """

    name: str
    identity: str
    file: UploadedFile | None = None


@dataclass
class _Kept:
    """The uploads of a session.

    Attributes:
        uploads: The uploads by number, the oldest first.
        last: The highest number that one had.
        listed: Identities of those that a widget listed last.
        let_go: Names of those that are no longer here, for want of room.
    """

    uploads: dict[str, _Upload] = field(default_factory=dict)
    last: int = 0
    listed: set[str] = field(default_factory=set)
    let_go: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class YourPhotos:
    """A visitor's photos.

    Attributes:
        photos: The photos by number, the oldest first.
        new: Numbers of those that have just been uploaded.
        earlier: Numbers of those that no widget lists.
        not_kept: Names of those for which there is no room.
    """

    photos: dict[str, Photo]
    new: list[str]
    earlier: list[str]
    not_kept: list[str]


def your_photos(files: Sequence[UploadedFile], most: int, *, is_new: bool) -> YourPhotos:
    """A visitor's photos: what a widget lists, and what others listed earlier.

    Args:
        files: What the page's widget lists.
        most: How many photos are kept.
        is_new: Whether the widget has just come: nothing was taken off its list.
    """
    kept: _Kept = st.session_state.setdefault(_KEPT, _Kept())
    listed = {file.file_id: file for file in files}
    taken_off = set() if is_new else kept.listed - listed.keys()
    kept.listed = set(listed)
    _forget(kept, taken_off)
    new = _number(kept, files)
    if new or taken_off:
        kept.let_go = []
    _make_room(kept, listed, most)
    photos = {number: _photo(each, listed) for number, each in kept.uploads.items()}
    unkept = [each.name for each in kept.uploads.values() if each.file is None]
    earlier = [number for number, photo in photos.items() if photo.identity not in listed]
    return YourPhotos(photos, new, earlier, [*kept.let_go, *unkept])


def remove_photos(numbers: Collection[str]) -> None:
    """Takes photos of a visitor away."""
    kept: _Kept = st.session_state[_KEPT]
    kept.let_go = []
    for number in numbers:
        kept.uploads.pop(number, None)


def most_bytes() -> int:
    """Bytes of all files that are kept for a visitor: two of the largest that can be uploaded."""
    return 2 * int(st.get_option("server.maxUploadSize")) * 2**20


def _forget(kept: _Kept, identities: Collection[str]) -> None:
    """Takes out uploads of some identities."""
    kept.uploads = {
        number: each for number, each in kept.uploads.items() if each.identity not in identities
    }


def _number(kept: _Kept, files: Sequence[UploadedFile]) -> list[str]:
    """Takes in the uploads that are new; returns their numbers."""
    known, new = {each.identity for each in kept.uploads.values()}, []
    for file in files:
        if file.file_id not in known:
            kept.last += 1
            new.append(str(kept.last))
            kept.uploads[new[-1]] = _Upload(file.name, file.file_id, file)
    return new


def _make_room(kept: _Kept, listed: Collection[str], most: int) -> None:
    """Lets go of the files for which there is no room, the oldest first."""
    count, size = 0, 0
    for number, each in reversed(list(kept.uploads.items())):
        if each.file is not None:
            count, size = count + 1, size + each.file.size
            if count > most or size > most_bytes():
                each.file = None
        if each.file is None and each.identity not in listed:
            kept.let_go.insert(0, each.name)
            del kept.uploads[number]


def _photo(upload: _Upload, listed: dict[str, UploadedFile]) -> Photo:
    """An upload as a photo."""
    file = upload.file or listed[upload.identity]
    return Photo(upload.name, upload.identity, file.getvalue)
