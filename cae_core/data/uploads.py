"""Data sets of a person's own images: a folder, or uploads within limits."""

import struct
import zipfile
import zlib
from collections.abc import Sequence
from functools import partial
from io import BytesIO
from pathlib import Path, PurePosixPath

from cae_core.data.dataset import Dataset
from cae_core.data.patches import PatchSettings, Source, dataset_from_sources
from cae_core.errors import DatasetError
from cae_core.images.decoding import IMAGE_SUFFIXES, OpenedImage, read_image
from cae_core.images.guards import MAX_FILE_BYTES
from cae_core.long_work import OnProgress, ShouldStop

MAX_WORK = 500_000_000  # see PatchSettings; of one upload: about half a minute

MAX_ZIP_ENTRIES = 20_000
MAX_UNZIPPED_BYTES = 512 * 2**20

BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,  # zipfile's word for a compression it does not know
    OSError,
    ValueError,
)
"""Exceptions that reading a damaged archive was seen to raise; an .npz file is one, too."""


def load_folder(
    path: str | Path,
    settings: PatchSettings | None = None,
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Dataset:
    """Cut the images in a folder and its subfolders into the patches of a data set.

    Files that aren't images by their suffix are ignored; images that can't be used are
    skipped with a note.

    Args:
        path: The folder.
        settings: Settings of the patches; by default ``PatchSettings()``.
        on_progress: Called with (files done, files in total).
        should_stop: Asked before every file; True stops the work.

    Returns:
        The data set, as `dataset_from_sources` describes it.

    Raises:
        StoppedError: `should_stop()` said so.
        DatasetError: There is no such folder, no usable image in it, or a setting is out of
            range.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DatasetError(
            f"A folder of images has to exist. Received: {str(path)!r}. Check its spelling."
        )
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file()
    )
    sources = [Source(file.relative_to(folder).as_posix(), partial(_read, file)) for file in files]
    return dataset_from_sources(
        sources, settings or PatchSettings(), folder.resolve().name, on_progress, should_stop
    )


def _read(source: Path | bytes, longest_side: int, shortest_side: int) -> OpenedImage:
    """Open an image, reduced to what is cut into patches."""
    return read_image(source, longest_side=longest_side, shortest_side=shortest_side)


def load_uploads(
    files: Sequence[tuple[str, bytes]],
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Dataset:
    """Cut uploaded images, and the images in uploaded zip archives, into a data set.

    Archives are read in memory; nothing is written to disk. How many entries they have, how large
    these become and how many pixels are decoded is limited. Folders, archives within archives and
    `__MACOSX` are ignored; images that can't be used are skipped with a note.

    Args:
        files: Names and contents of the uploaded files.
        on_progress: Called with (images done, images in total).
        should_stop: Asked before every image; True stops the work.

    Returns:
        The data set, as `dataset_from_sources` describes it.

    Raises:
        StoppedError: `should_stop()` said so.
        DatasetError: No image is usable, or an archive is over the limits or broken.
    """
    settings = PatchSettings(max_work=MAX_WORK)
    sources: list[Source] = []
    unzipped_bytes = 0
    for name, content in files:
        if Path(name).suffix.lower() != ".zip":
            sources.append(Source(name, partial(_read, content)))
            continue
        archive = _open_zip(name, content)
        entries = [entry for entry in archive.infolist() if _is_image_entry(entry)]
        unzipped_bytes += sum(entry.file_size for entry in entries)
        sources += [
            Source(f"{name}/{entry.filename}", partial(_open_entry, archive, entry))
            for entry in entries
        ]
    # What an entry says of its size is a promise; `_open_entry` holds it to it.
    if unzipped_bytes > MAX_UNZIPPED_BYTES:
        raise DatasetError(
            f"Zip archives may hold up to {MAX_UNZIPPED_BYTES // 2**20} MB of images. "
            f"Received: {unzipped_bytes // 2**20:,} MB. Upload fewer images."
        )
    return dataset_from_sources(sources, settings, "uploads", on_progress, should_stop)


def _open_zip(name: str, content: bytes) -> zipfile.ZipFile:
    """Open an archive in memory, unless it has too many entries."""
    # Counted before zipfile builds an object of each; all begin with this signature.
    if content.count(b"PK\x01\x02") > MAX_ZIP_ENTRIES:
        raise DatasetError(
            f"A zip archive may have up to {MAX_ZIP_ENTRIES:,} entries. "
            f"Received: more, in {name}. Upload fewer images."
        )
    try:
        return zipfile.ZipFile(BytesIO(content))
    except BROKEN_ZIP as error:
        raise DatasetError(
            f"A zip archive has to be complete. Received: {name} ({error}). Make it anew."
        ) from error


def _is_image_entry(entry: zipfile.ZipInfo) -> bool:
    """Say whether an entry is an image by its name, and not one of macOS's shadows."""
    path = PurePosixPath(entry.filename)
    return (
        not entry.is_dir()
        and path.suffix.lower() in IMAGE_SUFFIXES
        and "__MACOSX" not in path.parts
        and not path.name.startswith(".")
    )


def _open_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, longest_side: int, shortest_side: int
) -> OpenedImage:
    """Open an image in an archive, reading no more than it declares and the limit allows."""
    if entry.file_size > MAX_FILE_BYTES:
        raise DatasetError(
            f"An image in a zip archive has up to {MAX_FILE_BYTES:,} bytes. "
            f"Received: {entry.file_size:,}. Shrink it."
        )
    if entry.flag_bits & 0x1:
        raise DatasetError("An image may not be encrypted. Received: one. Unlock the archive.")
    # The other methods are unpacked by zipfile without any bound on the result.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DatasetError(
            "An image in a zip archive is stored or deflated. "
            f"Received: compression method {entry.compress_type}. Make an ordinary zip archive."
        )
    try:
        with archive.open(entry) as stream:
            content = stream.read(entry.file_size + 1)
    except BROKEN_ZIP as error:
        raise DatasetError(
            f"An image in a zip archive has to be complete. Received: {error}. Make it anew."
        ) from error
    if len(content) != entry.file_size:
        raise DatasetError(
            f"An image in a zip archive has the size that it declares, {entry.file_size:,} bytes. "
            f"Received: {len(content):,}. Make it anew."
        )
    return _read(content, longest_side, shortest_side)
