"""The directories of a TIFF file: which of its images is meant, and one channel of it.

Pillow reads the first directory only. That of a raw file, and of many a scan, is a thumbnail; the
image hangs on another directory, or on one named in the first. And Pillow reads 16-bit colours only
where the channels of a pixel stand together.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from cae_core.errors import ImageError

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
OFFSETS, SAMPLES, COUNTS, PLANAR, TILE_OFFSETS, TILE_COUNTS = 273, 277, 279, 284, 324, 325
SUB_DIRECTORIES = 330
# What pixels are made from: kept for one channel alone.
_KEPT_FOR_CHANNEL = (WIDTH, HEIGHT, COMPRESSION, 274, 278, 317, 322, 323, 339)
# The colours of a sensor, before and after they were interpolated.
_RAW = (32803, 34892)

MAX_DIRECTORIES = 200
MAX_VALUES = 200_000
_FORMATS = {1: "B", 2: "B", 3: "H", 4: "L", 6: "b", 7: "B", 8: "h", 9: "l", 13: "L", 16: "Q"}
# A page with the same proportions and at least this many times the pixels is no second page: the
# first is its thumbnail.
_THUMBNAIL = 4


@dataclass(frozen=True)
class Directory:
    """One image of a TIFF file.

    Attributes:
        offset: Where the directory stands in the file.
        values: Whole numbers by tag; those of other types, and texts, are left out.
    """

    offset: int
    values: dict[int, tuple[int, ...]]

    def first(self, tag: int, default: int = 0) -> int:
        """The first number of a tag."""
        return self.values.get(tag, (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.first(WIDTH), self.first(HEIGHT)

    @property
    def pixels(self) -> int:
        """Number of its pixels."""
        return self.first(WIDTH) * self.first(HEIGHT)

    @property
    def is_reduced(self) -> bool:
        """True for a smaller version of another image."""
        return bool(self.first(SUBFILE) & 1)

    @property
    def is_planar(self) -> bool:
        """True where each channel is stored for itself."""
        return self.first(PLANAR, 1) == 2 and self.first(SAMPLES, 1) > 1


def directories(data: bytes, received: str) -> list[Directory]:
    """The directories of a TIFF file: the pages first, then those that pages name.

    Raises:
        ImageError: Tables so long that lists of them would fill memory.
    """
    order, big = _kind(data)
    place, offset = (order + "Q", 8) if big else (order + "L", 4)
    found: dict[int, Directory] = {}
    named: list[int] = []
    try:
        (start,) = struct.unpack_from(place, data, offset)
        while start and start not in found and len(found) < MAX_DIRECTORIES:
            directory, start = _directory(data, start, received)
            found[directory.offset] = directory
            named += directory.values.get(SUB_DIRECTORIES, ())
        for start in named[:MAX_DIRECTORIES]:
            if start not in found:
                found[start], _ = _directory(data, start, received)
    except (struct.error, OverflowError):
        pass  # shorter than it says: what was found is whole, and Pillow reports the rest
    return list(found.values())


def _kind(data: bytes) -> tuple[str, bool]:
    """Byte order, and whether it is a BigTIFF, told apart by the byte that Pillow looks at."""
    return ("<" if data[:2] == b"II" else ">"), data[2:3] == b"\x2b"


def _directory(data: bytes, start: int, received: str) -> tuple[Directory, int]:
    """The directory at an offset, and the offset of the next."""
    order, big = _kind(data)
    length, entry, room, place = ("Q", "HHQ", 8, "Q") if big else ("H", "HHL", 4, "L")
    (count,) = struct.unpack_from(order + length, data, start)
    position = start + struct.calcsize(order + length)
    values: dict[int, tuple[int, ...]] = {}
    head = struct.calcsize(order + entry)
    for _ in range(min(count, (len(data) - position) // (head + room))):
        tag, kind, number = struct.unpack_from(order + entry, data, position)
        # Bytes and text (profiles, layers) stay one object; numbers become lists in Pillow, and
        # the offsets of strips and tiles do so in any type.
        listed = kind not in (1, 2, 6, 7) or tag in (OFFSETS, TILE_OFFSETS)
        if listed and number > MAX_VALUES:
            raise ImageError(
                f"A TIFF tag may have at most {MAX_VALUES:,} values. "
                f"Received: {received} with {number:,} in tag {tag}. Save it as PNG."
            )
        if kind in _FORMATS and listed and number:
            form = f"{order}{number}{_FORMATS[kind]}"
            where = position + head
            if struct.calcsize(form) > room:
                (where,) = struct.unpack_from(order + place, data, where)
            if where + struct.calcsize(form) <= len(data):
                values[tag] = struct.unpack_from(form, data, where)
        position += head + room
    following = 0
    if position + room <= len(data):
        (following,) = struct.unpack_from(order + place, data, position)
    return Directory(start, values), following


def chosen(found: list[Directory], data: bytes, received: str) -> tuple[Directory | None, int]:
    """The image that is meant: the first page, unless that is the thumbnail of another.

    Returns:
        Its directory, None where there is none with a size; and the number of pages.

    Raises:
        ImageError: A camera's raw file.
    """
    sized = [directory for directory in found if directory.pixels]
    if not sized:
        return None, len(found)
    whole = [directory for directory in sized if not directory.is_reduced] or sized
    first = sized[0]
    best = max(whole, key=lambda directory: directory.pixels)
    is_raw = data[8:10] == b"CR" or any(directory.first(PHOTOMETRIC) in _RAW for directory in whole)
    if is_raw:
        raise ImageError(
            "An image is opened once it is developed. "
            f"Received: {received}, a camera's raw file. Export it as TIFF or JPEG from the "
            "program that develops it."
        )
    if first is best or not (first.is_reduced or _is_thumbnail(first, best)):
        return first, len(whole)
    return best, len(whole) - (first in whole)


def _is_thumbnail(first: Directory, best: Directory) -> bool:
    """True where a page is many times larger than the first and has its proportions."""
    (width, height), (best_width, best_height) = first.size, best.size
    scale = best_width / width
    return scale**2 >= _THUMBNAIL and abs(height * scale - best_height) <= scale + 1


def with_first(data: bytes, directory: Directory) -> bytes:
    """The file with another directory as its first."""
    order, big = _kind(data)
    place, offset = (order + "Q", 8) if big else (order + "L", 4)
    address = struct.pack(place, directory.offset)
    return data[:offset] + address + data[offset + len(address) :]


def channel_file(data: bytes, directory: Directory, channel: int) -> bytes:
    """A TIFF file of one channel of a planar image, as greys.

    It is the file with a new first directory at its end, so that nothing else moves.
    """
    order, _ = _kind(data)
    values = {tag: directory.values[tag] for tag in _KEPT_FOR_CHANNEL if tag in directory.values}
    values |= {BITS: directory.values[BITS][:1], PHOTOMETRIC: (1,), SAMPLES: (1,), PLANAR: (1,)}
    samples = directory.first(SAMPLES)
    for tag in (OFFSETS, COUNTS, TILE_OFFSETS, TILE_COUNTS):
        if tag in directory.values:
            each = len(directory.values[tag]) // samples
            values[tag] = directory.values[tag][channel * each : (channel + 1) * each]
    start = len(data) + len(data) % 2
    table = start + 2 + 12 * len(values) + 4
    entries, lists = b"", b""
    for tag, numbers in sorted(values.items()):
        packed = struct.pack(f"{order}{len(numbers)}L", *numbers)
        entries += struct.pack(f"{order}HHL", tag, 4, len(numbers))
        if len(numbers) == 1:
            entries += packed
        else:
            entries += struct.pack(f"{order}L", table + len(lists))
            lists += packed
    header = data[:2] + struct.pack(f"{order}HL", 42, start)
    body = data[8:] + b"\0" * (len(data) % 2)
    return b"".join([header, body, struct.pack(f"{order}H", len(values)), entries, bytes(4), lists])
