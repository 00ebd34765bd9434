"""Files and folders written so that a reader finds a whole one or none."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

# Called for what is held while a file is changed, such as a lease.
Guard = Callable[[], AbstractContextManager[object]]


@contextmanager
def replacing(path: str | Path, guard: Guard = nullcontext) -> Iterator[Path]:
    """Gives a path to write to that takes another's place once all of it is written.

    Args:
        path: Of the file or new folder; its own folder exists.
        guard: Held while the new one takes the place; where it raises, nothing does.

    Yields:
        A hidden path beside it with the same ending. Where the block raises, what was written
        there is removed and `path` stays as it was.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with replacing(f"{folder}/a.txt") as partial:
        ...         print(partial.write_text("whole"), list(Path(folder).glob("a.txt")))
        ...     print(Path(f"{folder}/a.txt").read_text())
        5 []
        whole
    """
    path = Path(path)
    # A name of its own, so that two writers at once don't write into one file.
    partial = path.with_name(f".{path.stem[:40]}.{uuid.uuid4().hex}.partial{path.suffix}")
    try:
        yield partial
        with guard():
            partial.replace(path)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        partial.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    """Replaces a file by a text as a whole."""
    with replacing(path) as partial:
        partial.write_text(text)


def write_arrays(path: str | Path, arrays: Mapping[str, Any], guard: Guard = nullcontext) -> None:
    """Replaces an ``.npz`` file, which may have any ending, as a whole.

    Args:
        path: The file.
        arrays: Its arrays by name.
        guard: See `replacing`.
    """
    # A file and not a name, to which NumPy would add an ending.
    with replacing(path, guard) as partial, partial.open("wb") as file:
        np.savez(file, **arrays)
