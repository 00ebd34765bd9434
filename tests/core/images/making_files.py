"""Image files for tests, byte by byte where Pillow would not write them."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image


def noise(*shape: int, high: int = 256, dtype=np.uint8) -> np.ndarray:
    """Random pixels, the same ones each time."""
    return np.random.default_rng(0).integers(0, high, shape, dtype=dtype)


def file_of(image: Image.Image | np.ndarray, file_format: str, **options) -> bytes:
    """The content of a file that Pillow writes; WebP without loss."""
    if isinstance(image, np.ndarray):
        image = Image.fromarray(np.ascontiguousarray(image))
    if file_format == "WEBP":
        options["lossless"] = True
    file = io.BytesIO()
    image.save(file, file_format, **options)
    return file.getvalue()


def palette(*colours: tuple[int, int, int]) -> Image.Image:
    """A row of pixels, one for every colour of a palette."""
    image = Image.new("P", (len(colours), 1))
    image.putpalette([value for colour in colours for value in colour])
    for index in range(len(colours)):
        image.putpixel((index, 0), index)
    return image


def exif(orientation: int) -> bytes:
    """Metadata with nothing but an orientation."""
    data = Image.Exif()
    data[0x0112] = orientation
    return data.tobytes()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """One PNG chunk with its checksum."""
    checksum = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + checksum


def png_header(width: int, height: int, depth: int, colour_type: int) -> bytes:
    """The signature and the first chunk of a PNG file."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header)


def png_file(header: bytes, rows: bytes, *extra: bytes) -> bytes:
    """A PNG file of a header, filtered rows and further chunks before them."""
    pixels = png_chunk(b"IDAT", zlib.compress(rows))
    return b"".join([header, *extra, pixels, png_chunk(b"IEND", b"")])


def grey_tiff(values: np.ndarray, bits: int, *, width: int = 0, photometric: int = 1) -> bytes:
    """A greyscale TIFF of raw samples, which need not be of a kind that Pillow writes."""
    data = values.tobytes()
    tags = {  # tag -> (type, value): 3 is a short, 4 a long number
        256: (4, width or values.shape[1]),
        257: (4, values.shape[0]),
        258: (3, bits),
        259: (3, 1),
        262: (3, photometric),
        273: (4, 8),
        277: (3, 1),
        278: (4, values.shape[0]),
        279: (4, len(data)),
        339: (3, 1),
    }
    directory = struct.pack("<H", len(tags))
    for tag, (kind, value) in tags.items():
        directory += struct.pack("<HHL" + ("Hxx" if kind == 3 else "L"), tag, kind, 1, value)
    return b"II" + struct.pack("<HL", 42, 8 + len(data)) + data + directory + bytes(4)


def changed_png(data: bytes) -> bytes:
    """A PNG file with its checksums mended, so that damage reaches the decoder behind them."""
    mended, position = bytearray(data), 8
    while data.startswith(b"\x89PNG") and position + 12 <= len(data):
        end = position + 8 + int.from_bytes(data[position : position + 4])
        if end + 4 <= len(data):
            mended[end : end + 4] = struct.pack(">I", zlib.crc32(data[position + 4 : end]))
        position = end + 4
    return bytes(mended)
