"""The bytes of a .cae file: a header with every length, the packed numbers, a checksum.

Nothing of a file is executed. The image's size is bounded, and `quantisation.unpack_latents` makes
as many numbers as an image of that size has in its network.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from cae_core.errors import CompressionError
from cae_core.formats import format_size
from cae_core.images.guards import MAX_FILE_BYTES, MAX_PIXELS

MAGIC = b"\x89CAE"
VERSION = 1

# Magic, version, flags, height, width, bytes of the name and of the numbers.
_HEADER = struct.Struct("<4s2B2LBL")
_CHECKSUM = struct.Struct("<L")
_SHA256_BYTES = 32
_GREY = 1
_NAME = re.compile(rb"[a-z0-9][a-z0-9.-]*")


@dataclass(frozen=True)
class Container:
    """The contents of a .cae file.

    Attributes:
        network: Name of the network in the zoo.
        sha256: Checksum of its weights, in hexadecimal.
        height: Height of the image in pixels.
        width: Width of the image in pixels.
        is_grey: Whether the image has one channel.
        packed: The latents, as `quantisation.pack_latents` makes them.
    """

    network: str
    sha256: str
    height: int
    width: int
    is_grey: bool
    packed: bytes

    def to_bytes(self) -> bytes:
        """The content of the file."""
        name = self.network.encode("ascii")
        header = _HEADER.pack(
            MAGIC,
            VERSION,
            _GREY if self.is_grey else 0,
            self.height,
            self.width,
            len(name),
            len(self.packed),
        )
        content = b"".join([header, name, bytes.fromhex(self.sha256), self.packed])
        return content + _CHECKSUM.pack(zlib.crc32(content))


def read_container(data: bytes) -> Container:
    """Reads a .cae file, every length of it checked.

    Args:
        data: The content of the file.

    Raises:
        CompressionError: It is none, damaged, of another version or larger than allowed.

    Example:
        >>> made = Container("pca-64", "0" * 64, 2, 3, False, b"12345")
        >>> read_container(made.to_bytes()) == made
        True
    """
    if not data.startswith(MAGIC) or len(data) <= len(MAGIC):
        raise CompressionError(
            "A compressed image is a .cae file, which begins with the four bytes 89 43 41 45. "
            f"Received: {len(data):,} bytes that begin with {data[:4].hex(' ') or 'nothing'}. "
            "Choose a file that cae.compress has made."
        )
    if data[len(MAGIC)] != VERSION:
        raise CompressionError(
            f"This version reads .cae files of format {VERSION}. "
            f"Received: format {data[len(MAGIC)]}. Install the version that wrote the file."
        )
    fixed = _HEADER.size + _SHA256_BYTES + _CHECKSUM.size
    if not fixed < len(data) <= MAX_FILE_BYTES:
        raise _damaged(f"{len(data):,} bytes, where {fixed + 1} to {MAX_FILE_BYTES:,} can be")
    (checksum,) = _CHECKSUM.unpack_from(data, len(data) - _CHECKSUM.size)
    _, _, flags, height, width, name_size, packed_size = _HEADER.unpack_from(data)
    expected = fixed + name_size + packed_size
    if len(data) != expected:
        raise _damaged(f"{len(data):,} bytes, where its header says {expected:,}")
    if zlib.crc32(data[: -_CHECKSUM.size]) != checksum:
        raise _damaged("one whose checksum is that of other content")
    if not (height and width and height * width <= MAX_PIXELS):
        raise CompressionError(
            f"A compressed image has from 1 to {MAX_PIXELS:,} pixels. "
            f"Received: {format_size(height, width)}. Compress it in parts."
        )
    name_end = _HEADER.size + name_size
    name = data[_HEADER.size : name_end]
    packed_start = name_end + _SHA256_BYTES
    if flags not in (0, _GREY) or not _NAME.fullmatch(name):
        raise _damaged("a header with a value that no such file has")
    return Container(
        network=name.decode("ascii"),
        sha256=data[name_end:packed_start].hex(),
        height=height,
        width=width,
        is_grey=flags == _GREY,
        packed=data[packed_start : -_CHECKSUM.size],
    )


def read_file(path: Path) -> bytes:
    """The content of a file, unless it is larger than any .cae file.

    Raises:
        CompressionError: It is, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CompressionError(
            f"A compressed image is a file that can be read. Received: {path} ({error.strerror}). "
            "Choose another file."
        ) from error
    if len(content) > MAX_FILE_BYTES:
        raise _damaged(f"{path}, over {MAX_FILE_BYTES:,} bytes")
    return content


def _damaged(received: str) -> CompressionError:
    """The error for a file that is not as it was written."""
    return CompressionError(
        f"A .cae file is opened as it was written. Received: {received}. Get the file again."
    )
