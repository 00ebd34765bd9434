"""From an image to an image file."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from PIL import Image

from cae_core.errors import ImageError
from cae_core.images.decoding import OpenedImage, over_white
from cae_core.images.operations import check_shape, describe, to_uint8

PNG_LEVEL = 1
JPEG_QUALITY = 95
LONGEST_JPEG = 65_500  # pixels of a side
EXIF, RESOLUTION = "EXIF metadata", "resolution"

_WORD = 65535
_EXIF_HEAD = b"Exif\0\0II*\0\x08\0\0\0"
# A JPEG file has 16 bits for the length of metadata, and for pixels per inch.
_LONGEST_JPEG_EXIF, _FINEST_JPEG = 65_533, 65_535
# Colour types of PNG by the number of channels: greys, greys and alpha, RGB, RGB and alpha.
_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
_UP = 2  # the filter that keeps the difference from the row above
_METRES_PER_INCH = 0.0254
_ROWS_AT_ONCE = 64


def encode_png(image: np.ndarray) -> bytes:
    """Write an image as a PNG file, without loss beyond rounding to 8 bits.

    Args:
        image: Height × width, × 1 or × 3; uint8, or float (clipped to [0, 1]).

    Returns:
        The content of the file.

    Raises:
        ImageError: Another shape or type.

    Example:
        >>> encode_png(np.zeros((2, 2, 3)))[1:4]
        b'PNG'
    """
    # A third of the time of the usual level 6, for a file that is a tenth larger.
    return _encode(image, "PNG", compress_level=PNG_LEVEL)


def encode_smallest_png(image: np.ndarray) -> bytes:
    """As `encode_png`, in the fewest bytes that Pillow finds, in a multiple of the time.

    Example:
        >>> ramp = np.arange(4096, dtype=np.uint8).reshape(64, 64)
        >>> len(encode_smallest_png(ramp)) < len(encode_png(ramp))
        True
    """
    return _encode(image, "PNG", optimize=True)


def encode_like(
    opened: OpenedImage, image: np.ndarray, ending: str = ".png", quality: int = JPEG_QUALITY
) -> bytes:
    """Write what was made of an opened image as a file that keeps the rest of the old one.

    Args:
        opened: See `save_like`.
        image: See `save_like`.
        ending: See `save_like`.
        quality: See `save_like`.

    Returns:
        The content of the file.

    Raises:
        ImageError: Another shape or type.
    """
    file = io.BytesIO()
    save_like(opened, image, file, ending, quality)
    return file.getvalue()


def save_like(
    opened: OpenedImage,
    image: np.ndarray,
    file: IO[bytes],
    ending: str = ".png",
    quality: int = JPEG_QUALITY,
) -> None:
    """Write what was made of an opened image into a file, with the rest of the old one.

    A PNG or TIFF file keeps its opacity, 16 bits a channel where it had more than 8, EXIF metadata
    and resolution; colours are sRGB. A JPEG file has all its colours; what it cannot keep is what
    `lost_as` says.

    Args:
        opened: The image that was opened.
        image: What was made of its pixels, float or uint8 of the same height and width, × 1 or
            × 3.
        file: Open for writing, and for TIFF at its beginning, where it is moved back to.
        ending: ``".png"``, ``".jpg"`` or ``".tif"``.
        quality: Of a JPEG, 1 (smallest) to 95 (best).

    Raises:
        ImageError: Another shape or type, or a side too long for a JPEG.
    """
    pixels = check_shape(image, "image")
    lost = lost_as(opened, ending)
    options: dict[str, Any] = {}
    if opened.exif and EXIF not in lost:
        options["exif"] = opened.exif
    if opened.dpi is not None and RESOLUTION not in lost:
        options["dpi"] = opened.dpi
    is_deep = opened.bits == 16 and pixels.dtype != np.uint8
    if ending == ".jpg":
        _check_sides(pixels)
        if opened.opacity is not None:
            white = np.float32(255 if pixels.dtype == np.uint8 else 1)
            pixels = over_white(pixels / white, opened.opacity)
        _write(pixels, file, "JPEG", quality=quality, subsampling=0, **options)
    elif ending == ".tif":
        _write_tiff(pixels, opened, file, is_deep=is_deep)
    elif is_deep:
        _write_deep(pixels, opened, file)
    else:
        _write(pixels, file, "PNG", opened.opacity, compress_level=PNG_LEVEL, **options)


def lost_as(opened: OpenedImage, ending: str = ".png") -> tuple[str, ...]:
    """The parts of an opened image that a new file of a format lacks, each in a few words.

    What no format keeps, `OpenedImage.left_out`, is not repeated.

    Args:
        opened: The image.
        ending: As for `save_like`, or ``".cae"`` for a compressed image.

    Example:
        >>> clear = OpenedImage(np.zeros((1, 1)), np.zeros((1, 1)), (1, 1), bits=16)
        >>> lost_as(clear, ".jpg")
        ('transparency (white lies below)', 'all but 8 of its 16 bits a channel')
        >>> lost_as(clear, ".png")
        ()
    """
    if ending in (".png", ".tif"):
        return ()
    lost = []
    if opened.opacity is not None:
        lost.append("transparency (white lies below)")
    if opened.bits > 8:
        lost.append(f"all but 8 of its {opened.bits} bits a channel")
    is_jpeg = ending == ".jpg"
    if opened.exif and not (is_jpeg and len(opened.exif) <= _LONGEST_JPEG_EXIF):
        lost.append(EXIF)
    if opened.dpi is not None and not (is_jpeg and max(opened.dpi) <= _FINEST_JPEG):
        lost.append(RESOLUTION)
    return tuple(lost)


def _write_tiff(image: np.ndarray, opened: OpenedImage, file: IO[bytes], *, is_deep: bool) -> None:
    """A TIFF file of 8 or 16 bits a channel, packed some rows at a time."""
    planes = np.atleast_3d(image)  # (H, W) -> (H, W, 1)
    if opened.opacity is not None:  # greys with opacity are what few programs read
        planes = np.broadcast_to(planes, (*planes.shape[:2], 3))
    height, width, colours = planes.shape
    channels = colours + (opened.opacity is not None)
    file.write(struct.pack("<2sHL", b"II", 42, 0))  # where the directory is, is known at the end
    strips = []
    for words in _rows_of(planes, opened.opacity):
        values = words if is_deep else (words / np.float32(257)).round().astype(np.uint8)
        # Differences from the pixel on the left, which pack well.
        steps = np.diff(values, axis=1, prepend=np.zeros_like(values[:, :1]))
        packed = zlib.compress(steps.astype(steps.dtype.newbyteorder("<")).tobytes(), PNG_LEVEL)
        strips.append((file.tell(), len(packed)))
        file.write(packed)
    offsets, lengths = zip(*strips, strict=True)
    across, down = opened.dpi or (72.0, 72.0)
    tags: dict[int, tuple[str, tuple[int, ...]]] = {
        256: ("L", (width,)),
        257: ("L", (height,)),
        258: ("H", (16 if is_deep else 8,) * channels),
        259: ("H", (8,)),  # packed by zlib
        262: ("H", (2 if colours == 3 else 1,)),  # RGB, or black is 0
        273: ("L", offsets),
        277: ("H", (channels,)),
        278: ("L", (_ROWS_AT_ONCE,)),
        279: ("L", lengths),
        282: ("2L", (round(1000 * across), 1000)),
        283: ("2L", (round(1000 * down), 1000)),
        296: ("H", (2,)),  # pixels per inch
        317: ("H", (2,)),  # differences
    }
    if channels > colours:
        tags[338] = ("H", (2,))  # opacity, which the colours are not multiplied with
    _write_directory(file, tags, opened.exif)


def _write_directory(
    file: IO[bytes], tags: dict[int, tuple[str, tuple[int, ...]]], exif: bytes
) -> None:
    """The directory of a TIFF file, by number of the tag its type and its values, with EXIF."""
    kinds = {"H": 3, "L": 4, "2L": 5}
    entries = _write_exif(file, exif) if exif else []
    for tag, (kind, values) in tags.items():
        content = struct.pack(f"<{len(values)}{kind[-1]}", *values)
        count = len(values) // int(kind[:-1] or 1)
        if len(content) > 4:
            file.write(b"\0" * (file.tell() % 2))
            place = file.tell()
            file.write(content)
            content = struct.pack("<L", place)
        entries.append(struct.pack("<2HL", tag, kinds[kind], count) + content.ljust(4, b"\0"))
    file.write(b"\0" * (file.tell() % 2))
    start = file.tell()
    entries.sort(key=lambda entry: struct.unpack_from("<H", entry))
    file.writelines([struct.pack("<H", len(entries)), *entries, bytes(4)])
    file.seek(4)
    file.write(struct.pack("<L", start))


def _write_exif(file: IO[bytes], content: bytes) -> list[bytes]:
    """Writes what EXIF metadata points to; its entries for a TIFF file's directory."""
    exif = Image.Exif()
    exif.load(content)
    exif.endian = "<"
    file.write(b"\0" * (file.tell() % 2))
    # A directory whose pointers are right at this place; it is written as well, but not pointed to.
    directory = exif.tobytes(offset=file.tell())[len(_EXIF_HEAD) :]
    file.write(directory)
    (count,) = struct.unpack_from("<H", directory)
    return [directory[2 + 12 * index : 14 + 12 * index] for index in range(count)]


def _write_deep(image: np.ndarray, opened: OpenedImage, file: IO[bytes]) -> None:
    """A PNG file of 16 bits a channel, which Pillow writes of greys alone."""
    planes = np.atleast_3d(image)  # (H, W) -> (H, W, 1)
    height, width, channels = planes.shape
    channels += opened.opacity is not None
    header = struct.pack(">2L5B", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    extra = []
    if opened.dpi is not None:
        across, down = (round(value / _METRES_PER_INCH) for value in opened.dpi)
        extra.append(_chunk(b"pHYs", struct.pack(">2LB", across, down, 1)))
    if opened.exif:
        extra.append(_chunk(b"eXIf", opened.exif.removeprefix(b"Exif\0\0")))
    packer = zlib.compressobj(PNG_LEVEL)
    file.writelines([b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", header), *extra])
    packed = (packer.compress(rows) for rows in _filtered(planes, opened.opacity))
    # A chunk for some rows each: one for all would be copied whole.
    file.writelines(_chunk(b"IDAT", part) for part in packed if part)
    file.writelines([_chunk(b"IDAT", packer.flush()), _chunk(b"IEND", b"")])


def _filtered(planes: np.ndarray, opacity: np.ndarray | None) -> Iterator[bytes]:
    """Rows of 16 bits a channel as PNG stores them, some at a time."""
    above: np.ndarray | None = None
    for words in _rows_of(planes, opacity):
        row_bytes = words.astype(">u2").reshape(len(words), -1).view(np.uint8)
        if above is None:
            above = np.zeros_like(row_bytes[:1])
        differences = np.diff(row_bytes, axis=0, prepend=above)
        above = row_bytes[-1:]
        filters = np.full((len(words), 1), _UP, np.uint8)
        yield np.concatenate([filters, differences], axis=1).tobytes()


def _rows_of(planes: np.ndarray, opacity: np.ndarray | None) -> Iterator[np.ndarray]:
    """Some rows at a time of an image with its opacity, as uint16 (h, W, C)."""
    for start in range(0, len(planes), _ROWS_AT_ONCE):
        part = planes[start : start + _ROWS_AT_ONCE]
        if part.dtype == np.uint8:
            part = part / np.float32(255)
        if opacity is not None:
            share = opacity[start : start + _ROWS_AT_ONCE, :, np.newaxis]
            part = np.concatenate([part, share], axis=2)
        yield np.rint(np.clip(part, 0, 1) * _WORD).astype(np.uint16)


def _chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return b"".join([struct.pack(">L", len(content)), kind, content, struct.pack(">L", checksum)])


def encode_jpeg(image: np.ndarray, quality: int = 90) -> bytes:
    """Write an image as a JPEG file: small, for previews.

    Args:
        image: Height × width, × 1 or × 3; uint8, or float (clipped to [0, 1]).
        quality: 1 (smallest) to 95 (best).

    Returns:
        The content of the file.

    Raises:
        ImageError: Another shape or type, a side over 65,500 pixels (JPEG has no
            longer ones), or a quality outside 1 to 95.

    Example:
        >>> encode_jpeg(np.zeros((2, 2, 3)))[:2].hex()
        'ffd8'
    """
    if quality not in range(1, 96):
        raise ImageError(
            f"JPEG quality must be a whole number from 1 to 95. Received: {quality!r}. "
            "90 is a good choice."
        )
    _check_sides(image)
    return _encode(image, "JPEG", quality=quality)


def _check_sides(image: np.ndarray) -> None:
    """Refuses an image that is too large for a JPEG file."""
    if max(np.shape(image), default=0) > LONGEST_JPEG:
        raise ImageError(
            f"A JPEG image may have at most {LONGEST_JPEG:,} pixels on a side. "
            f"Received: {describe(np.asarray(image))}. Write it as PNG."
        )


def _encode(image: np.ndarray, file_format: str, **options: Any) -> bytes:
    """The content of a file of one image, see `_write`."""
    file = io.BytesIO()
    _write(image, file, file_format, **options)
    return file.getvalue()


def _write(
    image: np.ndarray,
    file: IO[bytes],
    file_format: str,
    opacity: np.ndarray | None = None,
    **options: Any,
) -> None:
    """Write one image in a format that Pillow knows."""
    pixels = to_uint8(check_shape(image, "image"))
    if opacity is not None:
        pixels = np.concatenate([np.atleast_3d(pixels), to_uint8(opacity)[..., np.newaxis]], axis=2)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]  # H×W×1 -> H×W, a greyscale file
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, file_format, **options)
