"""From an image file to an image: Pillow's formats, modes, colour profiles and errors.

`open_image` is the one place where bytes from strangers meet a decoder.
"""

import io
import os
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, ImageCms, TiffImagePlugin

from cae_core.errors import ImageError
from cae_core.images.guards import MAX_PIXELS, read_image_file

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
"""Endings of the names of image files, in small letters."""

# "JPEG" includes what Pillow calls MPO: a phone's JPEG that carries a second image.
_FORMATS = ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"]

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
# and a host's memory should hold one 40-megapixel image, not one per visitor.
_DECODING = threading.Lock()

# Large images are converted to float in strips of about this many pixels, so that
# the intermediate copies stay small beside the result.
_STRIP_PIXELS = 1_000_000


def open_image(source: bytes | str | os.PathLike[str]) -> np.ndarray:
    """Open an image from anywhere, without trusting it.

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
            not an image, damaged, or without a defined white.

    Example:
        >>> from cae_core.images.encoding import encode_png
        >>> open_image(encode_png(np.ones((2, 3), np.float32))).shape
        (2, 3, 3)
    """
    data, received = read_image_file(source)
    # Pillow warns about damaged metadata, which does not concern the pixels.
    with _DECODING, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _to_float(_load(data, received), received)


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


@contextmanager
def _damage_refused(received: str) -> Iterator[None]:
    """Turn whatever Pillow raises on a bad file into one `ImageError`."""
    try:
        yield
    except ImageError:
        raise
    except Image.UnidentifiedImageError as error:
        raise ImageError(
            "An image must be a PNG, JPEG, WebP, BMP, TIFF or GIF file with an intact header. "
            f"Received: {received} of something else. Save it as PNG or JPEG."
        ) from error
    except Image.DecompressionBombError as error:
        raise ImageError(
            f"An image may have at most {MAX_PIXELS:,} pixels. "
            f"Received: {received} that unpack to far more. Shrink the image first."
        ) from error
    except _DECODER_ERRORS as error:
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise ImageError(
            "An image file must be complete and undamaged. "
            f"Received: {received} that cannot be decoded ({reason}). "
            "Get it again from where it came from, or save it anew."
        ) from error


def _load(data: bytes, received: str) -> Image.Image:
    """Decode the first frame, upright; the number of pixels is checked before."""
    with _damage_refused(received):
        image = Image.open(_CountedFile(data), formats=_FORMATS)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise ImageError(
                f"An image may have at most {MAX_PIXELS:,} pixels. "
                f"Received: {received}, {width:,} × {height:,} pixels. Shrink the image first."
            )
        image.load()
        if image.format == "PNG":
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
        # Damaged metadata says nothing about the pixels: the image is shown as it is
        # stored, as every viewer does.
        return image
    transposition = _TRANSPOSITIONS.get(orientation)
    return image if transposition is None else image.transpose(transposition)


# --- from a decoded Pillow image to float ---------------------------------------------


def _to_float(image: Image.Image, received: str) -> np.ndarray:
    """Convert any mode to float32 H×W×3 in sRGB over white, strip by strip."""
    if image.mode == "I":
        raise ImageError(
            "An image's white must be known, and 32-bit whole numbers have none. "
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
            "A float image must have finite values in [0, 1]. "
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
