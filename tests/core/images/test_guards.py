"""Image files that are refused before or while a decoder reads them, soon and in one sentence."""

from __future__ import annotations

import os
import struct
import threading
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile

from cae_core.errors import ImageError
from cae_core.images import decoding, guards
from cae_core.images.decoding import open_image
from cae_core.images.guards import MAX_PIXELS
from tests.core.images.making_files import (
    file_of,
    noise,
    png_chunk,
    png_file,
    png_header,
)

# Without their guard, the traps below would keep a decoder busy for minutes to hours.
DEADLINE = 60


def outcome(source, **options):
    """What opening gives or raises; it must end."""
    results: list[np.ndarray | Exception] = []

    def work() -> None:
        try:
            results.append(open_image(source, **options))
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            results.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    assert results, "still busy"
    return results[0]


def assert_refused(source, words, **options):
    error = outcome(source, **options)
    assert isinstance(error, ImageError), error
    assert words in str(error)
    assert "Received: " in str(error)
    assert "\n" not in str(error)


TINY = file_of(Image.new("RGB", (8, 8)), "JPEG")
SCANS = file_of(noise(48, 40, 3), "JPEG", progressive=True)
LAST_SCAN = SCANS[SCANS.rindex(b"\xff\xda") : -2]
GIF = file_of(Image.new("P", (4, 4)), "GIF")
DOT = png_header(1, 1, 8, 2)
CHAIN = png_chunk(b"zTXt", b"key\0\0" + zlib.compress(bytes(1_000_000))) * 2_000
METADATA = b"\xff\xe1\xff\xffExif\0\0" + bytes(65535 - 8)
EXIF = b"\xff\xe1\0\x10Exif\0\0" + bytes(8)


def damaged_png():
    """A PNG with one flipped bit in its pixels."""
    data = bytearray(file_of(noise(20, 20, 3), "PNG"))
    data[len(data) // 2] ^= 1
    return bytes(data)


def gif_with_frame(width, height, frame):
    """The 43 bytes of a GIF of a screen's size and of a frame's."""
    data = b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0)
    return data + b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x4c\x01\x00;"


def endless_tiff(order, *, is_big):
    """A TIFF with a table of 2,000,000 strips."""
    count = 2_000_000
    prefix = b"II" if order == "<" else b"MM"
    table = bytes(4 * count)
    if is_big:
        # Pillow takes a file for BigTIFF by its third byte, whatever the order.
        header = prefix + b"\x2b\0" + struct.pack(order + "HHQ", 8, 0, 16 + len(table))
        directory = struct.pack(order + "Q", 1) + struct.pack(order + "HHQQ", 273, 4, count, 16)
    else:
        header = prefix + struct.pack(order + "HL", 42, 8 + len(table))
        directory = struct.pack(order + "H", 1) + struct.pack(order + "HHLL", 273, 4, count, 8)
    return header + table + directory + bytes(8)


def float_tiff(bad):
    """A TIFF of floats, one of which is no brightness."""
    values = np.full((5, 4), 0.5, np.float32)
    values[2, 2] = bad
    return file_of(values, "TIFF")


PIXELS = f"at most {MAX_PIXELS:,} pixels"
REFUSED = {
    **{
        f"no image {data[:9]!r}": (data, f"Received: {len(data):,} bytes of something else")
        for data in (
            b"plain text",
            b"<!DOCTYPE html><html><body>404</body></html>",
            b"\x80\x04\x95",  # a pickle
            b"\0" * 1000,
        )
    },
    "PDF": (b"%PDF-1.7\n", "Received: 9 bytes of a PDF document. Export it as JPEG"),
    "HEIC": (b"\0\0\0\x18ftypheic", "of an HEIC photo. Export it as JPEG; an iPhone takes JPEG"),
    "HEIC burst": (b"\0\0\0\x18ftypheis", "of an HEIC photo. Export it as JPEG; an iPhone takes"),
    "an old raw file": (b"II\x1a\0\0\0HEAPCCDR", "of a camera's raw file. Export it as TIFF"),
    "a raw file": (b"\0\0\0\x18ftypcrx ", "of a camera's raw file. Export it as TIFF or JPEG"),
    **{
        f"format {kind}": (file_of(Image.new("RGB", (4, 4)), kind), "PNG, JPEG, WebP, BMP, TIFF, ")
        for kind in ("PPM", "ICO", "TGA", "JPEG2000", "EPS")
    },
    "empty": (b"", "0 bytes"),
    "an array": (np.zeros((4, 4, 3)), "ndarray"),
    "nothing": (None, "NoneType"),
    "null in a path": ("a\0b.png", "null"),
    "a long path": ("x" * 5000, "name too long"),
    **{f"float {bad}": (float_tiff(bad), "finite") for bad in (np.nan, np.inf, -0.5, 255.0)},
    "whole numbers": (file_of(noise(5, 4, high=1000, dtype=np.int32), "TIFF"), "32-bit"),
    # Over this project's limit, over Pillow's limit for warnings, and for errors.
    **{
        f"PNG of {width}": (png_file(png_header(width, 5_000, 8, 2), bytes(100)), PIXELS)
        for width in (8_001, 20_000, 2**31 - 1)
    },
    "GIF with a huge screen": (gif_with_frame(65535, 65535, (65535, 65535)), PIXELS),
    "GIF with a huge frame": (gif_with_frame(1, 1, (9000, 9000)), PIXELS),
    "half a JPEG": (SCANS[: len(SCANS) // 2], "complete and undamaged"),
    "PNG with a flipped bit": (damaged_png(), "checksum"),
}
# Traps for time and memory, made only when they are needed.
TRAPS = {
    "exif": (lambda: TINY[:2] + EXIF * 500_000 + TINY[2:], "segments"),
    "metadata": (lambda: TINY[:2] + METADATA * 300 + TINY[2:], "bytes of metadata"),
    "padding": (lambda: TINY[:2] + b"\xff" * 20_000_000 + TINY[2:], "bytes of metadata"),
    "scans": (lambda: SCANS[:-2] + LAST_SCAN * 1000 + SCANS[-2:], "at most 50 scans"),
    "chunks": (lambda: png_file(DOT, bytes(4), CHAIN), "extra chunks"),
    "chunks behind the pixels": (
        lambda: png_file(DOT, bytes(4))[:-12] + CHAIN + png_chunk(b"IEND", b""),
        "extra chunks",
    ),
    "comments": (lambda: GIF[:13] + b"!\xfe\x01x\0" * 2_000_000 + GIF[13:], "pieces"),
    "TIFF": (lambda: endless_tiff("<", is_big=False), "in tag 273"),
    "big-endian TIFF": (lambda: endless_tiff(">", is_big=False), "in tag 273"),
    "BigTIFF": (lambda: endless_tiff("<", is_big=True), "in tag 273"),
    "big-endian BigTIFF": (lambda: endless_tiff(">", is_big=True), "in tag 273"),
}


@pytest.mark.parametrize(("source", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_usable_image_is_refused(source, words):
    assert_refused(source, words)


@pytest.mark.parametrize(("make", "words"), TRAPS.values(), ids=TRAPS)
def test_an_image_with_endless_tables_is_refused(make, words):
    assert_refused(make(), words)


@pytest.mark.parametrize(
    "data",
    [TINY[:2] + EXIF + TINY[2:], SCANS, png_file(DOT, bytes(4), png_chunk(b"tEXt", b"key\0word"))],
    ids=["exif", "scans", "chunks"],
)
def test_what_every_honest_image_has_is_let_through(data):
    assert isinstance(outcome(data), np.ndarray)


@pytest.mark.parametrize(
    ("kind", "prefix"), [(b"zTXt", b"key\0\0"), (b"iCCP", b"name\0\0"), (b"iTXt", b"k\0\1\0\0\0")]
)
def test_text_and_profiles_that_unpack_to_a_hundred_megabytes_cause_no_harm(kind, prefix):
    bomb = zlib.compress(bytes(100_000_000), 9)
    result = outcome(png_file(DOT, bytes(4), png_chunk(kind, prefix + bomb)))
    assert isinstance(result, ImageError | np.ndarray)


def test_a_path_opens_as_text_and_as_path_and_is_named_where_it_cannot(tmp_path):
    path = tmp_path / "image.png"
    path.write_bytes(file_of(noise(3, 4, 3), "PNG"))
    np.testing.assert_array_equal(open_image(str(path)), open_image(path))
    np.testing.assert_array_equal(open_image(path), open_image(path.read_bytes()))
    path.write_bytes(b"no image")
    assert_refused(path, "image.png")
    path.write_bytes(b"")
    assert_refused(path, "0 bytes")
    path.unlink()
    assert_refused(path, "image.png")
    assert_refused(tmp_path, "not a regular file")
    os.mkfifo(path)  # who waited for a writer would wait for ever
    assert_refused(str(path), "not a regular file")


def test_a_file_over_the_size_limit_is_refused(monkeypatch, tmp_path):
    assert guards.MAX_FILE_BYTES >= 50_000_000
    monkeypatch.setattr(decoding, "MAX_FILE_BYTES", 1000)
    (tmp_path / "large.png").write_bytes(bytes(1001))
    assert_refused(tmp_path / "large.png", "at most 1,000 bytes")
    assert_refused(bytes(1001), "1,001 bytes")


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_too_many_pixels_are_refused_before_decoding(file_format, monkeypatch):
    def decode(*_):
        raise AssertionError("the pixels were decoded")

    data = file_of(Image.new("RGB", (30, 20)), file_format)
    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    assert_refused(data, "at most 599 pixels. Received: ", max_pixels=599)
