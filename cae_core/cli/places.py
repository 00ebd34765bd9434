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
    nearest = next(place for place in path.absolute().parents if place.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        raise unwritable(what, path, f"nothing can be made in {nearest}")


def unwritable(what: str, path: Path, reason: str) -> PlaceError:
    """The error for a place where nothing can be written."""
    return PlaceError(
        f"A {what} is saved where files can be made. Received: {path} ({reason}). "
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
