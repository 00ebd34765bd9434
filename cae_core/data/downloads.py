"""Fetching the public data sets, with progress, a way to stop, and checks.

Keras downloads its data sets by itself, but its download can't be stopped and prints
its progress to the terminal. This module puts the same files where Keras looks for
them; `keras.datasets` then finds them in its cache. Importing this module or asking it
what is there never imports Keras.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from cae_core.errors import DatasetError
from cae_core.files import replacing
from cae_core.long_work import OnProgress, ShouldStop, stop_if

CHUNK_BYTES = 256 * 1024
TIMEOUT_SECONDS = 30  # without a single byte


class RemoteFile(NamedTuple):
    """One file of a public data set.

    Attributes:
        url: Its address, the one that Keras uses.
        path: Its path in the folder of Keras's data sets.
        size: Length in bytes.
        sha256: Its checksum as Keras has it, or None where Keras has none.
    """

    url: str
    path: str
    size: int
    sha256: str | None


_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

REMOTE_FILES: dict[str, tuple[RemoteFile, ...]] = {
    "cifar10": (
        RemoteFile(
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            "cifar-10-batches-py-target_archive",
            170_498_071,
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        ),
    ),
    "mnist": (
        RemoteFile(
            _GOOGLE + "mnist.npz",
            "mnist.npz",
            11_490_434,
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
    "fashion_mnist": tuple(
        RemoteFile(_GOOGLE + file, f"fashion-mnist/{file}", size, None)
        for file, size in (
            ("train-labels-idx1-ubyte.gz", 29_515),
            ("train-images-idx3-ubyte.gz", 26_421_880),
            ("t10k-labels-idx1-ubyte.gz", 5_148),
            ("t10k-images-idx3-ubyte.gz", 4_422_102),
        )
    ),
}


def keras_datasets_folder() -> Path:
    """Return the folder in which Keras caches its data sets.

    The same rule as `keras.utils.get_file`: `$KERAS_HOME`, else `~/.keras`, else, where
    that can't be written to, `/tmp/.keras`.

    Returns:
        The folder; it need not exist yet.
    """
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    # Keras creates its folder when it is imported, so what matters is whether it could.
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    if not os.access(nearest, os.W_OK):
        shared = Path("/tmp")  # noqa: S108 - Keras's own choice, to be found by Keras
        home = (shared if shared.is_dir() else Path(tempfile.gettempdir())) / ".keras"
    return home / "datasets"


def is_downloaded(name: str) -> bool:
    """Say whether all files of a public data set are in Keras's cache, by their lengths.

    The answer is immediate; `download` looks at the checksums as well.

    Args:
        name: A key of `REMOTE_FILES`.

    Returns:
        True if loading it needs no network.
    """
    folder = keras_datasets_folder()
    return all(_has_length(folder / file.path, file) for file in _files_of(name))


def download(
    name: str, on_progress: OnProgress | None = None, should_stop: ShouldStop | None = None
) -> None:
    """Put the files of a public data set where Keras looks for them.

    Files that are there and intact are left alone. A file appears under its own name
    only when it is complete.

    Args:
        name: A key of `REMOTE_FILES`.
        on_progress: Called with (bytes done, bytes in total) while downloading.
        should_stop: Asked before every chunk; True stops the download.

    Raises:
        StoppedError: `should_stop()` said so.
        DatasetError: The name is unknown, or the network or the server failed.
    """
    folder = keras_datasets_folder()
    missing = [file for file in _files_of(name) if not _is_intact(folder / file.path, file)]
    total = sum(file.size for file in missing)
    before = 0
    for file in missing:

        def report(done: int, before: int = before) -> None:
            stop_if(should_stop, f"The download of {name}", f"{before + done:,} of {total:,} bytes")
            if on_progress is not None:
                on_progress(before + done, total)

        try:
            _fetch(file, folder / file.path, report)
        except (OSError, HTTPException) as error:  # URLError and TimeoutError are OSErrors
            # Without the file that it names.
            reason = str(getattr(error, "strerror", None) or error)
            raise DatasetError(
                f"{name} could not be downloaded. Received: {reason} from {file.url}. Try again, "
                f"put {name}.npz into the folder that CAE_DATA_DIR names, or use photo_patches, "
                "which needs no download."
            ) from error
        before += file.size


def _files_of(name: str) -> tuple[RemoteFile, ...]:
    """Return the files of a data set, or refuse the name."""
    if name not in REMOTE_FILES:
        raise DatasetError(
            f"Only public data sets can be downloaded. Received: {name!r}. "
            f"Choose one of {', '.join(REMOTE_FILES)}."
        )
    return REMOTE_FILES[name]


def _has_length(path: Path, file: RemoteFile) -> bool:
    """Say whether what is at `path` is as long as `file`."""
    return path.is_file() and path.stat().st_size == file.size


def _is_intact(path: Path, file: RemoteFile) -> bool:
    """Say whether what is at `path` is `file`, by length and checksum."""
    if not _has_length(path, file) or file.sha256 is None:
        return _has_length(path, file)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256


def _fetch(file: RemoteFile, target: Path, report: Callable[[int], None]) -> None:
    """Download one file, reporting the bytes done before every chunk and at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    checksum = hashlib.sha256()
    done = 0
    with (
        replacing(target) as partial,
        urlopen(file.url, timeout=TIMEOUT_SECONDS) as response,  # noqa: S310 - from our table
        partial.open("xb") as output,
    ):
        # One byte too many is already wrong: a server can't fill the disk.
        while done <= file.size:
            report(min(done, file.size))
            chunk = response.read(CHUNK_BYTES)
            if not chunk:
                break
            output.write(chunk)
            checksum.update(chunk)
            done += len(chunk)
        if done != file.size:
            raise OSError(f"{done:,} bytes instead of {file.size:,}")
        if file.sha256 not in (None, checksum.hexdigest()):
            raise OSError("a file with a wrong checksum")
