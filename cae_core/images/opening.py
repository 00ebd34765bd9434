"""An image file opened by Pillow: what its header says, then its pixels, upright.

Everything that Pillow raises on damaged bytes becomes an `ImageError` here.
"""

from __future__ import annotations

import io
import math
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, ImageFile, JpegImagePlugin, TiffImagePlugin, features

from cae_core.errors import ImageError
from cae_core.formats import format_size
from cae_core.images import tiff
from cae_core.images.conversion import Decoded
from cae_core.images.deep import Deep, is_deep, load_deep, load_planar
from cae_core.images.metadata import dpi_of, exif_of, left_out_of

HAS_AVIF = features.check("avif")

# "JPEG" includes what Pillow calls MPO: a phone's JPEG that carries a second image.
_FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", *(["AVIF"] if HAS_AVIF else [])]
_NAMES = f"{', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}".replace("WEBP", "WebP")

# What people take for an image of these formats, by its first bytes (of ISO media files, those
# from the fifth on), and what they can do.
_EXPORT = "Export it as JPEG or PNG from a program that shows it."
_HEIC = (
    "an HEIC photo",
    "Export it as JPEG; an iPhone takes JPEG with Settings, Camera, Formats, Most Compatible.",
)
_RAW = ("a camera's raw file", "Export it as TIFF or JPEG from the program that develops it.")
_OTHER_FORMATS = {
    **dict.fromkeys((b"ftyphei", b"ftyphev", b"ftypmif1", b"ftypmsf1"), _HEIC),
    b"ftypavi": ("an AVIF image, which Pillow reads from 11.3 on", _EXPORT),
    **dict.fromkeys(
        (b"ftypcrx ", b"FUJIFILM", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"II\x1a\0", b"FOVb"), _RAW
    ),
    b"8BPS": ("a Photoshop document", _EXPORT),
    b"%PDF": ("a PDF document", _EXPORT),
    b"<svg": ("an SVG drawing", _EXPORT),
    b"<?xml": ("an SVG drawing or another text", _EXPORT),
}

# What turns an image upright, by the value of its EXIF orientation.
_TRANSPOSITIONS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_TURNS = (5, 6, 7, 8)

# Reads of a file's content that no honest image needs; Pillow walks some formats
# piece by piece, in Python.
_MAX_READS = 60_000

# What Pillow's parsers raise on damaged bytes. The list is long because they index,
# unpack and assert what the file says; it is caught around calls into Pillow only, so
# that a bug in this module still surfaces.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)

# Images are decoded one at a time: `warnings.catch_warnings` is not thread-safe,
# and a host's memory should hold one decoded image, not one per visitor.
_DECODING = threading.Lock()

OVERSAMPLING = 2
"""An image is decoded at no less than this many times the scale that is asked for."""
_STRIP_BYTES = 50_000_000  # of the strip that is converted at a time, and its copies
_BMP_HEADER, _BMP_EMBEDDED = 14, b"DEBM"  # a profile in the file; "MBED", least byte first


@contextmanager
def one_at_a_time(data: bytes, received: str, max_pixels: int) -> Iterator[None]:
    """Calls into Pillow, whatever it raises on a bad file turned into one `ImageError`.

    Args:
        data: The file's content.
        received: Words for it in an error message.
        max_pixels: The largest image that is opened, in pixels.
    """
    with _DECODING, warnings.catch_warnings():
        # Pillow warns about damaged metadata, which does not concern the pixels.
        warnings.simplefilter("ignore")
        try:
            yield
        except ImageError:
            raise
        except Image.UnidentifiedImageError as error:
            kind, remedy = _other_format(data)
            raise ImageError(
                f"An image must be a {_NAMES} file with an intact header. "
                f"Received: {received} of {kind}. {remedy}"
            ) from error
        except Image.DecompressionBombError as error:
            raise ImageError(
                f"An image may have at most {max_pixels:,} pixels. "
                f"Received: {received} that unpack to far more. Shrink the image first."
            ) from error
        except _DECODER_ERRORS as error:
            reason = " ".join(str(error).split())[:100] or type(error).__name__
            raise ImageError(
                "An image file must be complete and undamaged. "
                f"Received: {received} that cannot be decoded ({reason}). "
                "Get it again from where it came from, or save it anew."
            ) from error


def _other_format(data: bytes) -> tuple[str, str]:
    """The format of a file that is none of ours, and the remedy."""
    for mark, words in _OTHER_FORMATS.items():
        if data.startswith(mark, 4 if mark.startswith(b"ftyp") else 0):
            return words
    return "something else", "Save it as PNG or JPEG."


class _CountedFile(io.BytesIO):
    """A file in memory that ends a parser's endless walk by counting its reads."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self._reads += 1
        if self._reads > _MAX_READS:
            raise OSError(f"it is cut into more than {_MAX_READS:,} pieces")
        return super().read(size)


class OpenFile:
    """An image file whose header was read and whose pixels weren't yet.

    Attributes:
        size: (width, height) of the upright image.
        is_jpeg: Whether it is a JPEG, or the MPO variant of phones.
        exif: See `exif_of`.
        dpi: See `dpi_of`.
        left_out: See `left_out_of`.
    """

    def __init__(self, data: bytes, received: str, max_pixels: int) -> None:
        self._data, self._received = data, received
        self._directory: tiff.Directory | None = None
        pages = 1
        if data[:2] in (b"II", b"MM"):
            found = tiff.directories(data, received)
            self._directory, pages = tiff.chosen(found, data, received)
            if self._directory is not None:
                self._data = tiff.with_first(data, self._directory)
        self._image = self._open(self._data)
        width, height = self._image.size
        if width * height > max_pixels:
            raise ImageError(
                f"An image may have at most {max_pixels:,} pixels. Received: {received}, "
                f"{format_size(width, height)} pixels. Shrink the image first."
            )
        self.is_jpeg = isinstance(self._image, JpegImagePlugin.JpegImageFile)
        self._transposition = _TRANSPOSITIONS.get(orientation := self._orientation())
        self.size = (height, width) if orientation in _TURNS else (width, height)
        self.dpi = dpi_of(self._image)
        self.left_out = left_out_of(self._image, pages)
        try:
            self.exif = exif_of(self._image)
            is_damaged = bool(self._image.info.get("exif")) and not len(self._image.getexif())
        except _DECODER_ERRORS:
            self.exif, is_damaged = b"", True  # see _orientation
        if is_damaged:
            self.left_out += ("EXIF metadata, which cannot be read",)

    def _open(self, data: bytes) -> ImageFile.ImageFile:
        """Has Pillow read the header."""
        image = Image.open(_CountedFile(data), formats=_FORMATS)
        if image.format == "PNG":
            # Where it stands behind the pixels, or nowhere, Pillow would decode them to find it.
            image.info.setdefault("exif", _exif_behind(data))
        return image

    def _orientation(self) -> object:
        """The EXIF orientation; 1 for an upright image."""
        if isinstance(self._image, TiffImagePlugin.TiffImageFile):
            return 1  # Pillow turns it when it is decoded, and gives the upright size before
        try:
            return self._image.getexif().get(ExifTags.Base.Orientation, 1)
        except _DECODER_ERRORS:
            # Damaged metadata says nothing about the pixels: the image is shown as it is
            # stored, as every viewer does.
            return 1

    def reduce(self, scale: float) -> None:
        """Lets a JPEG be decoded at a fraction of its size, at least at twice a scale."""
        scale *= OVERSAMPLING
        if isinstance(self._image, JpegImagePlugin.JpegImageFile) and scale < 1:
            width, height = self._image.size
            self._image.draft(None, (math.ceil(scale * width), math.ceil(scale * height)))

    def decoding_bytes(self) -> int:
        """Memory that the decoded image takes, at most, while it is decoded and turned."""
        width, height = self._image.size
        if self._directory is not None and self._directory.is_planar:
            return 16 * width * height
        pixel = {"1": 1, "L": 1, "P": 1, "I;16": 2}.get(self._image.mode, 4)
        copies = 1 + (self._transposition is not None)
        if is_deep(self._image) or self._image.format in ("WEBP", "AVIF"):
            copies *= 2  # both bytes; the decoder's own copy
        # Coefficients of the whole image, which libjpeg collects whatever the scale.
        coefficients = 6 * self.size[0] * self.size[1] if "progressive" in self._image.info else 0
        return copies * pixel * width * height + coefficients + _STRIP_BYTES

    def decode(self) -> Decoded:
        """Decodes the pixels."""
        profile = self._profile()
        deep = self._deep()
        image = self._plain() if deep is None else deep.upper
        if self._transposition is not None:
            turn = self._transposition
            if deep is not None:
                deep = deep.map(lambda part: part.transpose(turn))
            image = image.transpose(turn) if deep is None else deep.upper
        return Decoded(image, deep, profile, self._received)

    def _deep(self) -> Deep | None:
        """Colours of 16 bits a channel; None for an image of another kind."""
        directory = self._directory
        if directory is not None and directory.is_planar:
            return load_planar(
                directory, lambda index: self._open(tiff.channel_file(self._data, directory, index))
            )
        return load_deep(self._image, lambda: self._open(self._data))

    def _plain(self) -> Image.Image:
        """The decoded image in one of Pillow's modes."""
        image: Image.Image = self._image
        if image.format == "BMP":
            _take_fourth_byte(self._image)
        image.load()
        if image.format == "PNG":
            _scale_png_transparency(image, bit_depth=self._data[24])
        if image.format == "BMP" and image.mode == "RGBA":
            # Zero everywhere, as programs leave it that know no transparency.
            image = image if image.getchannel("A").getbbox() else image.convert("RGB")
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            image = _scale_tiff_greys(image)
        if image.mode == "I":
            raise ImageError(
                "An image's white must be known, and 32-bit whole numbers have none. "
                f"Received: {self._received} of such numbers. Save it with 8 or 16 bits."
            )
        return image

    def _profile(self) -> bytes:
        """The content of the colour profile; empty where there is none."""
        if self._image.format == "BMP":
            return _bmp_profile(self._data)
        return self._image.info.get("icc_profile") or b""


def _exif_behind(data: bytes) -> bytes:
    """The EXIF metadata of a PNG file wherever it stands; empty where there is none."""
    place = data.rfind(b"eXIf")
    if place < 0:
        return b""
    length = int.from_bytes(data[place - 4 : place])
    return b"Exif\0\0" + data[place + 4 : place + 4 + length]


def _take_fourth_byte(image: ImageFile.ImageFile) -> None:
    """Lets a BMP image of 32 bits a pixel have the alpha that Pillow takes for padding."""
    (tile,) = image.tile
    if isinstance(tile.args, tuple) and tile.args[0] == "BGRX":
        image.tile = [tile._replace(args=("BGRA", *tile.args[1:]))]
        image._mode = "RGBA"


def _bmp_profile(data: bytes) -> bytes:
    """The colour profile of a BMP file, which only the newest header has room for."""
    try:
        (size,) = struct.unpack_from("<L", data, _BMP_HEADER)
        if size < 124 or data[_BMP_HEADER + 56 : _BMP_HEADER + 60] != _BMP_EMBEDDED:
            return b""
        offset, length = struct.unpack_from("<2L", data, _BMP_HEADER + 112)
    except struct.error:
        return b""
    return data[_BMP_HEADER + offset : _BMP_HEADER + offset + length]


def _scale_png_transparency(image: Image.Image, bit_depth: int) -> None:
    """Bring the transparent colour to 8 bits: Pillow leaves it in the file's own depth."""
    transparent = image.info.get("transparency")
    if image.mode == "L" and bit_depth < 8 and isinstance(transparent, int):
        image.info["transparency"] = transparent * 255 // (2**bit_depth - 1)


def _scale_tiff_greys(image: TiffImagePlugin.TiffImageFile) -> Image.Image:
    """Do for 12- and 16-bit greys what Pillow does for 8-bit ones only."""
    if not image.mode.startswith("I;16"):
        return image
    values = np.asarray(image)
    if image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE) == (12,):
        values = values * 16 + values // 256  # 4095 -> 65535
    if image.tag_v2.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) == 0:  # white is zero
        values = 65535 - values
    scaled = Image.fromarray(values.astype(np.uint16))
    scaled.info = image.info
    return scaled
