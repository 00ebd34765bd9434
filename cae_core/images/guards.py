"""Image files from strangers: read, and checked before a decoder sees them.

A file's own tables are checked against limits that no honest image reaches: Pillow walks
file headers in Python, and libjpeg runs over every pixel once per scan, so a small file
could keep both busy for hours.
"""

import os
import re
import struct
import zlib
from pathlib import Path

from cae_core.errors import ImageError

MAX_FILE_BYTES = 64_000_000
"""The largest image file that is read, in bytes."""

MAX_PIXELS = 40_000_000
"""The largest image that is opened or made, in pixels (height × width)."""

_MAX_PNG_EXTRA_CHUNKS = 1_000
_MAX_JPEG_SEGMENTS = 1_000
_MAX_JPEG_SCANS = 50
_MAX_JPEG_METADATA_BYTES = 16_000_000

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

# A marker that starts a segment; 0xFF00 and the restart markers belong to pixel data.
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")


def read_image_file(
    source: bytes | str | os.PathLike[str], max_bytes: int = MAX_FILE_BYTES
) -> tuple[bytes, str]:
    """Read an image file, unless it is too large or built to keep a decoder busy.

    Args:
        source: The file's content as bytes, or the path of the file.
        max_bytes: The largest file that is read.

    Returns:
        The content, and the words for it in an error message.

    Raises:
        ImageError: The file is missing, empty, too large, a PNG with a wrong checksum, or
            its tables are longer than those of any honest image.

    Example:
        >>> read_image_file(b"not yet known to be an image")[1]
        '28 bytes'
    """
    data, received = _read(source, max_bytes)
    if data.startswith(_PNG_SIGNATURE):
        _check_png_chunks(data, received)
    if data.startswith(b"\xff\xd8"):
        _check_jpeg_segments(data, received)
    return data, received


def _read(source: bytes | str | os.PathLike[str], max_bytes: int) -> tuple[bytes, str]:
    """Give a source's content, and the words for it in an error message."""
    if isinstance(source, bytes | bytearray | memoryview):
        data, label = bytes(source), ""
    elif isinstance(source, str | os.PathLike):
        data, label = _read_file(source, max_bytes), f"{os.fspath(source)!r}, "
    else:
        raise ImageError(
            "An image is opened from bytes or from a path. "
            f"Received: {type(source).__name__}. Arrays are checked with as_image."
        )
    received = f"{label}{len(data):,} bytes"
    if not data:
        raise ImageError(f"An image file has content. Received: {received}. Choose another file.")
    if len(data) > max_bytes:
        raise ImageError(
            f"An image file may have at most {max_bytes:,} bytes. "
            f"Received: {label}{'more' if label else f'{len(data):,} bytes'}. "
            "Shrink the image or save it as JPEG."
        )
    return data, received


def _read_file(path: str | os.PathLike[str], max_bytes: int) -> bytes:
    """Read a regular file, and no more of it than shows that it is too large."""
    path = Path(path)
    try:
        # A device or a named pipe would never end, or never begin.
        if path.exists() and not path.is_file():
            raise FileNotFoundError(0, "not a regular file")
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ImageError(
            "An image is opened from a file that can be read. "
            f"Received: {str(path)!r} ({reason}). Check the path."
        ) from error


def _check_png_chunks(data: bytes, received: str) -> None:
    """Refuse a PNG with a wrong checksum, or with auxiliary chunks without end.

    Pillow lets a wrong checksum of the pixels pass, and unpacks up to a megabyte from
    each profile chunk.
    """
    position, extra_chunks = len(_PNG_SIGNATURE), 0
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 8 + length
        if kind == b"IEND":
            return
        if kind in (b"fcTL", b"fdAT"):  # later frames of an animation, which are not read
            pass
        elif kind[:1].islower():  # ancillary: text, profile
            extra_chunks += 1
        elif end + 4 <= len(data) and zlib.crc32(
            memoryview(data)[position + 4 : end]
        ) != int.from_bytes(data[end : end + 4]):
            raise ImageError(
                "A PNG image must be undamaged. "
                f"Received: {received} with a wrong checksum in {kind!r}. "
                "Get it again from where it came from."
            )
        if extra_chunks > _MAX_PNG_EXTRA_CHUNKS:
            raise ImageError(
                f"A PNG image may have at most {_MAX_PNG_EXTRA_CHUNKS:,} extra chunks. "
                f"Received: {received} with more. Save it anew."
            )
        position = end + 4


def _check_jpeg_segments(data: bytes, received: str) -> None:
    """Refuse a JPEG with so many segments or scans that decoding would not end."""
    position, segments, scans, metadata_end = 2, 0, 0, 0
    while match := _JPEG_MARKER.search(data, position):
        marker = match[1][0]
        if marker == 0xD9:  # end of the image; what follows is not decoded
            return
        position = match.end() + int.from_bytes(data[match.end() : match.end() + 2])
        segments += 1
        if marker == 0xDA:  # start of a scan
            scans += 1
        elif not scans:
            metadata_end = position
        if (
            segments > _MAX_JPEG_SEGMENTS
            or scans > _MAX_JPEG_SCANS
            or metadata_end > _MAX_JPEG_METADATA_BYTES
        ):
            raise ImageError(
                f"A JPEG image may have at most {_MAX_JPEG_SCANS} scans, "
                f"{_MAX_JPEG_SEGMENTS:,} segments and {_MAX_JPEG_METADATA_BYTES:,} bytes of "
                f"metadata. Received: {received} with more. Save it anew."
            )
