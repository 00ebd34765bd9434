"""Pictures from strangers: bytes to image, safely, and image to bytes.

Inside the core an image is float32, height × width × 3, sRGB, in [0, 1].
`open_image` brings any picture file into that form or refuses it with one
`ImageError`; `encode_png` and `encode_jpeg` bring it back out.
"""

import io
import os
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageCms, TiffImagePlugin

from cae_core.errors import ImageError

MAX_PIXELS = 40_000_000
"""The largest picture that is opened or made, in pixels (height × width)."""

MAX_FILE_BYTES = 64_000_000
"""The largest picture file that is read, in bytes."""

# "JPEG" includes what Pillow calls MPO: a phone's JPEG that carries a second picture.
_FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"]

# What turns a picture upright, by the value of its EXIF orientation.
_TRANSPOSITIONS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Limits that no honest picture reaches. Pillow walks file headers in Python, and
# libjpeg runs over every pixel once per scan, so a small file could keep both busy
# for hours.
_MAX_READS = 60_000
_MAX_PNG_EXTRA_CHUNKS = 1_000
_MAX_JPEG_SEGMENTS = 1_000
_MAX_JPEG_SCANS = 50
_MAX_JPEG_METADATA_BYTES = 16_000_000
_MAX_TIFF_VALUES = 200_000

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

# Pictures are decoded one at a time: `warnings.catch_warnings` is not thread-safe,
# and a host's memory should hold one 40-megapixel picture, not one per visitor.
_DECODING = threading.Lock()

# Large pictures are converted to float in strips of about this many pixels, so that
# the intermediate copies stay small beside the result.
_STRIP_PIXELS = 1_000_000

# Rounding in float arithmetic may leave a pixel this far outside [0, 1].
_ROUNDING = 1e-5


def open_image(source: bytes | str | os.PathLike[str]) -> np.ndarray:
    """Open a picture from anywhere, without trusting it.

    Reads PNG, JPEG (with the MPO variant of phones), WebP, BMP, TIFF and GIF. Of an
    animation the first frame is taken. The EXIF orientation is applied, an alpha
    channel is laid over white, and an embedded colour profile is converted to sRGB;
    PNG's gAMA chunk is not applied. 16-bit greyscale keeps its precision, 16-bit
    colour is reduced to 8 bits by Pillow.

    Args:
        source: The file's content as bytes, or the path of the file.

    Returns:
        float32 array of shape (height, width, 3), sRGB, in [0, 1].

    Raises:
        ImageError: The file is missing, too large, of more than `MAX_PIXELS` pixels,
            not a picture, damaged, or without a defined white.

    Example:
        >>> open_image(encode_png(np.ones((2, 3), np.float32))).shape
        (2, 3, 3)
    """
    data, received = _read(source)
    if data.startswith(_PNG_SIGNATURE):
        _check_png_chunks(data, received)
    if data.startswith(b"\xff\xd8"):
        _check_jpeg_segments(data, received)
    if data[:2] in (b"II", b"MM"):
        _check_tiff_directory(data, received)
    # Pillow warns about damaged metadata, which does not concern the pixels.
    with _DECODING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _to_float(_decode(data, received), received)


def as_image(array: np.ndarray, name: str = "image") -> np.ndarray:
    """Check an array that should be one picture, and bring it into the core's form.

    Args:
        array: Height × width, × 1 or × 3; uint8, or float in [0, 1].
        name: What the array is called in the error message.

    Returns:
        New float32 array of shape (height, width, 3) in [0, 1].

    Raises:
        ImageError: Another shape or type, values outside [0, 1], NaN or infinity.

    Example:
        >>> as_image(np.full((2, 3), 255, np.uint8)).shape
        (2, 3, 3)
    """
    values = _as_float(array, name)
    values = np.atleast_3d(values)  # H×W -> H×W×1
    return values if values.shape[2] == 3 else values.repeat(3, axis=2)


def to_uint8(image: np.ndarray) -> np.ndarray:
    """Turn float values in [0, 1] into bytes, for display and for files.

    Args:
        image: Float array of any shape; values outside [0, 1] are clipped, because a
            network's output may overshoot. uint8 passes unchanged.

    Returns:
        uint8 array of the same shape, rounded to the nearest of 0 to 255.

    Raises:
        ImageError: The values are neither float nor uint8, or contain NaN.

    Example:
        >>> to_uint8(np.array([-0.1, 0.5, 1.0]))
        array([  0, 128, 255], dtype=uint8)
    """
    values = np.asarray(image)
    if values.dtype == np.uint8:
        return values
    if not np.issubdtype(values.dtype, np.floating):
        raise ImageError(
            f"Pixels must be uint8 or float. Received: {_describe(values)}. "
            "Divide whole numbers by their white first."
        )
    if np.isnan(values).any():
        raise ImageError(
            f"Pixels must be numbers. Received: {_describe(values)} with NaN in it. "
            "Look for a division by zero or a diverged training."
        )
    return np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)


def encode_png(image: np.ndarray) -> bytes:
    """Write a picture as a PNG file, without loss beyond rounding to 8 bits.

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
    return _encode(image, "PNG")


def encode_jpeg(image: np.ndarray, quality: int = 90) -> bytes:
    """Write a picture as a JPEG file: small, for previews.

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
    if max(np.shape(image), default=0) > 65_500:
        raise ImageError(
            "A JPEG picture may have at most 65,500 pixels on a side. "
            f"Received: {_describe(np.asarray(image))}. Write it as PNG."
        )
    return _encode(image, "JPEG", quality=quality)


def resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bring a picture to another size, without aliasing and without 8-bit rounding.

    Bicubic, with the filter widened by the scale when shrinking; the slight overshoot
    at edges is clipped to [0, 1].

    Args:
        image: Height × width, × 1 or × 3; uint8, or float in [0, 1].
        height: New height in pixels.
        width: New width in pixels.

    Returns:
        float32 in [0, 1], with the input's number of axes and channels.

    Raises:
        ImageError: No such picture, or a new size below 1 or over `MAX_PIXELS`.

    Example:
        >>> resize(np.ones((8, 8, 3), np.float32), 4, 2).shape
        (4, 2, 3)
    """
    values = _as_float(image, "image")
    height = _whole_number(height, "height")
    width = _whole_number(width, "width")
    _check_size(height, width)
    planes = np.atleast_3d(values)  # H×W×C
    resized = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(planes[:, :, channel])).resize(
                (width, height), Image.Resampling.BICUBIC
            )
        )
        for channel in range(planes.shape[2])
    ]
    result = np.clip(np.stack(resized, axis=-1), 0.0, 1.0)
    return result.reshape(height, width, *values.shape[2:])


def fit_within(image: np.ndarray, longest_side: int) -> np.ndarray:
    """Shrink a picture, if it is too large, keeping its proportions.

    Args:
        image: Height × width, × 1 or × 3; uint8, or float in [0, 1].
        longest_side: The largest height and width allowed, in pixels.

    Returns:
        float32 in [0, 1], with the input's number of axes and channels; never larger
        than the input.

    Raises:
        ImageError: No such picture, or a longest side below 1.

    Example:
        >>> fit_within(np.ones((100, 50, 3), np.float32), 10).shape
        (10, 5, 3)
    """
    values = _as_float(image, "image")
    longest_side = _whole_number(longest_side, "longest side")
    height, width = values.shape[:2]
    longest = max(height, width)
    if longest <= longest_side:
        return values
    return resize(
        values,
        max(1, round(height * longest_side / longest)),
        max(1, round(width * longest_side / longest)),
    )


def enlarge_nearest(image: np.ndarray, factor: int) -> np.ndarray:
    """Enlarge a small picture so that each pixel becomes a crisp square.

    Args:
        image: Height × width, × 1 or × 3; uint8 or float.
        factor: Side of the square, a whole number of pixels.

    Returns:
        Array of the input's type, `factor` times as high and as wide.

    Raises:
        ImageError: No such picture, a factor below 1, or a result over `MAX_PIXELS`.

    Example:
        >>> enlarge_nearest(np.zeros((32, 32, 3), np.uint8), 4).shape
        (128, 128, 3)
    """
    pixels = _check_shape(image, "image")
    factor = _whole_number(factor, "factor")
    _check_size(pixels.shape[0] * factor, pixels.shape[1] * factor)
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def image_grid(images: np.ndarray, columns: int, gap: int = 1) -> np.ndarray:
    """Lay a batch of pictures out in rows, with white gaps, as one picture.

    Args:
        images: Number × height × width × 1 or 3; uint8, or float with white at 1.
        columns: Pictures in a row; the last row is filled up with white.
        gap: Width of the gaps between pictures, in pixels; 0 for none.

    Returns:
        Array of the input's type, height × width × channels.

    Raises:
        ImageError: No such batch, no columns, a negative gap, or a result over
            `MAX_PIXELS`.

    Example:
        >>> image_grid(np.zeros((5, 8, 8, 3)), columns=3).shape
        (17, 26, 3)
    """
    batch = np.asarray(images)
    if batch.ndim != 4 or batch.shape[3] not in (1, 3) or 0 in batch.shape:
        raise ImageError(
            "A grid is made of a batch of shape (number, height, width, 1 or 3). "
            f"Received: {_describe(batch)}. Stack pictures of one size with numpy.stack."
        )
    _check_dtype(batch, "images")
    columns = _whole_number(columns, "number of columns")
    gap = _whole_number(gap, "gap", smallest=0)
    number, height, width, channels = batch.shape
    rows = -(-number // columns)  # rounded up
    full_height = rows * (height + gap) - gap
    full_width = columns * (width + gap) - gap
    _check_size(full_height, full_width)
    white = 255 if batch.dtype == np.uint8 else 1
    grid = np.full((full_height, full_width, channels), white, batch.dtype)
    for index, picture in enumerate(batch):
        row, column = divmod(index, columns)
        top, left = row * (height + gap), column * (width + gap)
        grid[top : top + height, left : left + width] = picture
    return grid


# --- from bytes to a decoded Pillow image ---------------------------------------------


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


def _read(source: bytes | str | os.PathLike[str]) -> tuple[bytes, str]:
    """Give a source's content, and the words for it in an error message."""
    if isinstance(source, bytes | bytearray | memoryview):
        data, label = bytes(source), ""
    elif isinstance(source, str | os.PathLike):
        data, label = _read_file(source), f"{os.fspath(source)!r}, "
    else:
        raise ImageError(
            "A picture is opened from bytes or from a path. "
            f"Received: {type(source).__name__}. Arrays are checked with as_image."
        )
    received = f"{label}{len(data):,} bytes"
    if not data:
        raise ImageError(f"A picture file has content. Received: {received}. Choose another file.")
    if len(data) > MAX_FILE_BYTES:
        raise ImageError(
            f"A picture file may have at most {MAX_FILE_BYTES:,} bytes. "
            f"Received: {label}{'more' if label else f'{len(data):,} bytes'}. "
            "Shrink the picture or save it as JPEG."
        )
    return data, received


def _read_file(path: str | os.PathLike[str]) -> bytes:
    """Read a regular file, and no more of it than shows that it is too large."""
    path = Path(path)
    try:
        # A device or a named pipe would never end, or never begin.
        if path.exists() and not path.is_file():
            raise FileNotFoundError(0, "not a regular file")
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = getattr(error, "strerror", None) or error
        raise ImageError(
            "A picture is opened from a file that can be read. "
            f"Received: {str(path)!r} ({reason}). Check the path."
        ) from error


_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


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
                "A PNG picture must be undamaged. "
                f"Received: {received} with a wrong checksum in {kind!r}. "
                "Get it again from where it came from."
            )
        if extra_chunks > _MAX_PNG_EXTRA_CHUNKS:
            raise ImageError(
                f"A PNG picture may have at most {_MAX_PNG_EXTRA_CHUNKS:,} extra chunks. "
                f"Received: {received} with more. Save it anew."
            )
        position = end + 4


# A marker that starts a segment; 0xFF00 and the restart markers belong to pixel data.
_JPEG_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")


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
                f"A JPEG picture may have at most {_MAX_JPEG_SCANS} scans, "
                f"{_MAX_JPEG_SEGMENTS:,} segments and {_MAX_JPEG_METADATA_BYTES:,} bytes of "
                f"metadata. Received: {received} with more. Save it anew."
            )


def _check_tiff_directory(data: bytes, received: str) -> None:
    """Refuse a TIFF with tables so long that Pillow's lists of them would fill memory."""
    order = "<" if data[:2] == b"II" else ">"
    # Classic and BigTIFF: the directory's position, its length, one entry. Told apart
    # by the same byte that Pillow looks at.
    big = data[2:3] == b"\x2b"
    place, offset, length, entry = ("Q", 8, "Q", "HHQ8x") if big else ("L", 4, "H", "HHL4x")
    try:
        (start,) = struct.unpack_from(order + place, data, offset)
        (count,) = struct.unpack_from(order + length, data, start)
    except (struct.error, OverflowError):
        return  # shorter than its header says, which Pillow will report
    first = start + struct.calcsize(order + length)
    size = struct.calcsize(order + entry)
    last = min(count, (len(data) - first) // size)
    for tag, kind, values in struct.iter_unpack(order + entry, data[first : first + last * size]):
        # Bytes and text (profiles, layers) stay one object; numbers become lists, and
        # the strip and tile offsets (tags 273, 324) do so in any type.
        listed = kind not in (1, 2, 6, 7) or tag in (273, 324)
        if listed and values > _MAX_TIFF_VALUES:
            raise ImageError(
                f"A TIFF tag may have at most {_MAX_TIFF_VALUES:,} values. "
                f"Received: {received} with {values:,} in tag {tag}. Save it as PNG."
            )


@contextmanager
def _damage_refused(received: str) -> Iterator[None]:
    """Turn whatever Pillow raises on a bad file into one `ImageError`."""
    try:
        yield
    except ImageError:
        raise
    except Image.UnidentifiedImageError as error:
        raise ImageError(
            "A picture must be a PNG, JPEG, WebP, BMP, TIFF or GIF file with an intact header. "
            f"Received: {received} of something else. Save it as PNG or JPEG."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"A picture may have at most {MAX_PIXELS:,} pixels. "
            f"Received: {received} that unpack to far more. Shrink the picture first."
        ) from error
    except _DECODER_ERRORS as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise ImageError(
            "A picture file must be complete and undamaged. "
            f"Received: {received} that cannot be decoded ({reason}). "
            "Get it again from where it came from, or save it anew."
        ) from error


def _decode(data: bytes, received: str) -> Image.Image:
    """Decode the first frame, upright; the number of pixels is checked before."""
    with _damage_refused(received):
        image = Image.open(_CountedFile(data), formats=_FORMATS)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ImageError(
                f"A picture may have at most {MAX_PIXELS:,} pixels. "
                f"Received: {received}, {width:,} × {height:,} pixels. Shrink the picture first."
            )
        image.load()
        if data.startswith(_PNG_SIGNATURE):
            _scale_png_transparency(image, bit_depth=data[24])
        if isinstance(image, TiffImagePlugin.TiffImageFile):
            return _scale_tiff_greys(image)  # Pillow has turned it upright already
    return _upright(image)


def _scale_png_transparency(image: Image.Image, bit_depth: int) -> None:
    """Bring the transparent colour to 8 bits: Pillow leaves it in the file's own depth."""
    transparent = image.info.get("transparency")
    if image.mode == "L" and bit_depth < 8 and isinstance(transparent, int):
        image.info["transparency"] = transparent * 255 // (2**bit_depth - 1)
    if image.mode == "RGB" and bit_depth == 16 and isinstance(transparent, tuple):
        # Pillow keeps the upper byte of a 16-bit colour.
        image.info["transparency"] = tuple(value >> 8 for value in transparent)


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


def _upright(image: Image.Image) -> Image.Image:
    """Apply the EXIF orientation."""
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _DECODER_ERRORS:
        # Damaged metadata says nothing about the pixels: the picture is shown as it is
        # stored, as every viewer does.
        return image
    transposition = _TRANSPOSITIONS.get(orientation)
    return image if transposition is None else image.transpose(transposition)


# --- from a decoded Pillow image to float ---------------------------------------------


def _to_float(image: Image.Image, received: str) -> np.ndarray:
    """Convert any mode to float32 H×W×3 in sRGB over white, strip by strip."""
    if image.mode == "I":
        raise ImageError(
            "A picture's white must be known, and 32-bit whole numbers have none. "
            f"Received: {received} of such numbers. Save it with 8 or 16 bits."
        )
    to_srgb = _profile_transform(image)
    width, height = image.size
    pixels = np.empty((height, width, 3), np.float32)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        strip = image.crop((0, top, width, bottom))
        if strip.mode == "F":
            pixels[top:bottom] = _float_strip(strip, received)
        elif strip.mode.startswith("I;16"):
            pixels[top:bottom] = _grey16_strip(strip)
        else:
            pixels[top:bottom] = _colour_strip(strip, to_srgb)
    return pixels


def _float_strip(strip: Image.Image, received: str) -> np.ndarray:
    """Take float pixels as they are; their white is 1."""
    values = np.asarray(strip)
    if not (values.min() >= 0 and values.max() <= 1):  # also false for NaN
        raise ImageError(
            "A float picture must have finite values in [0, 1]. "
            f"Received: {received} with values from {values.min():g} to {values.max():g}. "
            "Divide by the value of white before saving."
        )
    return values[:, :, np.newaxis]  # H×W -> H×W×1, broadcast to three channels


def _grey16_strip(strip: Image.Image) -> np.ndarray:
    """Scale 16-bit greys by 65535; a profile is not applied, littleCMS gets 8 bits only."""
    greys = np.asarray(strip)
    values = greys.astype(np.float32) / np.float32(65535)
    transparent = strip.info.get("transparency")
    if isinstance(transparent, int):
        values[greys == transparent] = 1
    return values[:, :, np.newaxis]  # H×W -> H×W×1, broadcast to three channels


def _colour_strip(strip: Image.Image, to_srgb: ImageCms.ImageCmsTransform | None) -> np.ndarray:
    """Convert an 8-bit strip to sRGB and lay it over white."""
    colour, alpha = _split_alpha(strip)
    if to_srgb is not None:
        colour = to_srgb.apply(colour)
    values = np.array(colour.convert("RGB"), np.float32)
    values /= 255
    if alpha is not None:
        opacity = np.asarray(alpha, np.float32)[:, :, np.newaxis] / np.float32(255)
        values *= opacity
        values += 1 - opacity
    return values


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Separate an 8-bit image of any mode into L, RGB, CMYK or LAB, and its alpha."""
    grey = image.mode in ("1", "L", "LA", "La")
    if image.mode == "La":  # premultiplied; Pillow has no direct way from it to others
        image = image.convert("LA")
    if image.has_transparency_data:
        with_alpha = image.convert("LA" if grey else "RGBA")
        return with_alpha.convert("L" if grey else "RGB"), with_alpha.getchannel("A")
    if image.mode in ("CMYK", "LAB"):
        return image, None
    return image.convert("L" if grey else "RGB"), None


def _profile_transform(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """Build the conversion from the embedded profile to sRGB, if one is needed."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode == "LAB" or image.mode.startswith(("I", "F")):
        return None
    mode = _split_alpha(image.crop((0, 0, 1, 1)))[0].mode
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        # A broken profile, or one for another kind of colour, is ignored: the pixels are
        # whole, and without a profile sRGB is what they are meant to be.
        return None
    if mode == "RGB" and _hardly_changes(transform):
        return None
    return transform


def _hardly_changes(transform: ImageCms.ImageCmsTransform) -> bool:
    """Recognize sRGB under any name, so that its pixels stay exact."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(9, 81, 3)
    converted = np.asarray(transform.apply(Image.fromarray(colours)))
    return bool(np.abs(converted.astype(int) - colours).max() <= 2)


# --- arrays ---------------------------------------------------------------------------


def _describe(array: np.ndarray) -> str:
    """Name an array's type and shape for an error message."""
    return f"{array.dtype} array of shape {array.shape}"


def _check_dtype(array: np.ndarray, name: str) -> None:
    """Refuse everything but uint8 and float."""
    if array.dtype != np.uint8 and not np.issubdtype(array.dtype, np.floating):
        raise ImageError(
            f"The {name} must be uint8, or float in [0, 1]. Received: {_describe(array)}. "
            "Divide whole numbers by their white first."
        )


def _check_shape(array: np.ndarray, name: str) -> np.ndarray:
    """Refuse what has not the shape and type of one picture."""
    try:
        pixels = np.asarray(array)
    except (TypeError, ValueError) as error:  # rows of unequal length
        raise ImageError(
            f"The {name} must be an array of numbers. Received: {type(array).__name__}. "
            "Give a numpy array."
        ) from error
    one_picture = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (1, 3))
    if not one_picture or pixels.size == 0:
        raise ImageError(
            f"The {name} must have the shape (height, width), (height, width, 1) or "
            f"(height, width, 3). Received: {_describe(pixels)}. "
            "Take one picture out of a batch, and lay alpha over white."
        )
    _check_dtype(pixels, name)
    return pixels


def _as_float(array: np.ndarray, name: str) -> np.ndarray:
    """Check one picture and give it as new float32 in [0, 1], its shape unchanged."""
    pixels = _check_shape(array, name)
    if pixels.dtype == np.uint8:
        return pixels.astype(np.float32) / np.float32(255)
    smallest, largest = float(pixels.min()), float(pixels.max())
    if not (smallest >= -_ROUNDING and largest <= 1 + _ROUNDING):  # also false for NaN
        raise ImageError(
            f"The {name} must have finite values in [0, 1]. Received: {_describe(pixels)} with "
            f"values from {smallest:g} to {largest:g}. Scale or clip it first."
        )
    return np.clip(pixels, 0, 1).astype(np.float32)


def _whole_number(value: int, name: str, smallest: int = 1) -> int:
    """Refuse a size that is no whole number, or too small."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < smallest:
        raise ImageError(
            f"The {name} must be a whole number of at least {smallest}. Received: {value!r}. "
            "Give the number of pixels or pictures."
        )
    return int(value)


def _check_size(height: int, width: int) -> None:
    """Refuse to make a picture that would not be opened."""
    if height * width > MAX_PIXELS:
        raise ImageError(
            f"A picture may have at most {MAX_PIXELS:,} pixels. "
            f"Received: a request for {height:,} × {width:,}. Ask for a smaller one."
        )


def _encode(image: np.ndarray, file_format: str, **options: Any) -> bytes:
    """Write one picture in a format that Pillow knows."""
    pixels = to_uint8(_check_shape(image, "image"))
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]  # H×W×1 -> H×W, a greyscale file
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, file_format, **options)
    return file.getvalue()
