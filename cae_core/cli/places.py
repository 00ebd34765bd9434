"""Output paths of a command: checked before the work, written as a whole."""

from __future__ import annotations

import os
from pathlib import Path

from cae_core.errors import PlaceError
from cae_core.files import replacing


def check_place(what: str, path: Path) -> None:
    """Refuses a place where nothing can be made, before the work that is to be saved there.

    Args:
        what: What is to be saved, for the message: ``"run"``, for one.
        path: Where.

    Raises:
        PlaceError: The nearest folder that exists is none, or cannot be written to.
    """
    try:
        path.exists()
        nearest = next(place for place in path.absolute().parents if place.exists())
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise unwritable(what, path, str(error.strerror)) from error
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        raise unwritable(what, path, f"nothing can be made in {nearest}")


def check_new_file(what: str, path: Path, *, may_exist: bool) -> None:
    """Refuses a file that exists, unless --force was given, and a place as `check_place`.

    Args:
        what: What is to be saved, for the message.
        path: Where.
        may_exist: Whether --force was given.

    Raises:
        PlaceError: It exists, or cannot be written.
    """
    check_place(what, path)
    if path.is_dir():
        raise unwritable(what, path, "it is a folder")
    if path.exists() and not may_exist:
        raise PlaceError(
            f"{_with_article(what)} that exists is not written over. Received: {path}. "
            "Choose another place, or add --force."
        )


def beside(given: Path, suffix: str) -> Path:
    """The place beside a file under the same name, with another suffix.

    Raises:
        PlaceError: It is a folder without a name, such as ``.`` or ``/``.

    Example:
        >>> print(beside(Path("photo.jpg"), ".cae"))
        photo.cae
    """
    if not given.name:
        raise PlaceError(f"A file has a name. Received: {given}, a folder. Name a file in it.")
    return given.with_suffix(suffix)


def is_folder(what: str, path: Path) -> bool:
    """Whether a place is a folder that is there.

    Args:
        what: What is to be saved there, for the message.
        path: The place.

    Raises:
        PlaceError: It can't be looked at, as where its name is too long.
    """
    try:
        return path.is_dir()
    except OSError as error:
        raise unwritable(what, path, str(error.strerror)) from error


def _with_article(what: str) -> str:
    """A noun at the beginning of a sentence."""
    return f"{'An' if what[0] in 'aeiou' else 'A'} {what}"


def unwritable(what: str, path: Path, reason: str) -> PlaceError:
    """The error for a place where nothing can be written."""
    return PlaceError(
        f"{_with_article(what)} is saved where files can be made. Received: {path} ({reason}). "
        "Choose another place."
    )


def write_whole(what: str, path: Path, content: bytes) -> None:
    """Writes a file so that under its name stands all of it, or what was there before.

    Args:
        what: What is saved, for the message.
        path: Where; folders that are missing are made.
        content: The file's content.

    Raises:
        PlaceError: It cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_bytes(content)
    except OSError as error:
        raise unwritable(what, path, str(error.strerror)) from error
