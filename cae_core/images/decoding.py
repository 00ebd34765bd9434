"""From an image file to an image: `open_image`, and `read_image` with all that the file has."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np

from cae_core.errors import ImageError
from cae_core.images.conversion import Box, Decoded, strips
from cae_core.images.guards import MAX_FILE_BYTES, MAX_PIXELS, read_image_file
from cae_core.images.opening import HAS_AVIF, OVERSAMPLING, OpenFile, one_at_a_time
from cae_core.images.operations import resize

IMAGE_SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jfif", ".webp", ".bmp", ".tif", ".tiff", ".gif"),
    *((".avif",) if HAS_AVIF else ()),
)
"""Endings of the names of image files, in small letters."""

MOST_MEGAPIXELS = 178
"""Pillow's limit: the largest image that can be opened where more than `MAX_PIXELS` may be."""

# A file of 16 bits a channel with alpha, without any compression.
_LARGEST_PIXEL = 8

# Called with the bytes of memory that the work takes before any of them is used; what it returns
# is held until they are free.
Admission = Callable[[int], AbstractContextManager[object]]


@dataclass(frozen=True, eq=False)
class OpenedImage:
    """An image, and what its file says beside its colours.

    Attributes:
        pixels: float32, sRGB, in [0, 1]; (H, W) where the image is grey, else (H, W, 3). Not yet
            laid over anything where it is transparent.
        opacity: float32 (H, W), from 0 for transparent to 1; None for an opaque image.
        full_size: (height, width) of the whole, of which `pixels` may be a reduction or a part.
        bits: 8, or 16 where the file has more than 8 a channel.
        used_bits: Less than `bits` where all values of a file of 16 bits are below 2^used_bits,
            as those of a 12-bit camera are that nobody stretched to white.
        exif: EXIF metadata that stays true of the image; empty where there is none.
        dpi: Pixels per inch, across and down; None where the file does not say.
        is_jpeg: Whether the file is a JPEG.
        left_out: What the file has besides, each in a few words.
        work: Pixels that were decoded, and an eighth of those that a JPEG's decoder skipped.
    """

    pixels: np.ndarray
    opacity: np.ndarray | None
    full_size: tuple[int, int]
    bits: int = 8
    used_bits: int = 8
    exif: bytes = b""
    dpi: tuple[float, float] | None = None
    is_jpeg: bool = False
    left_out: tuple[str, ...] = ()
    work: int = 0


def open_image(
    source: bytes | str | os.PathLike[str], *, max_pixels: int = MAX_PIXELS
) -> np.ndarray:
    """Open an image from anywhere, without trusting it.

    Reads PNG, JPEG (with the MPO variant of phones), WebP, BMP, TIFF, GIF and, where Pillow does,
    AVIF. Of an animation the first frame is taken, and of a TIFF whose first page is the
    thumbnail of another that other. The EXIF orientation is applied, an alpha channel is laid
    over white, and an embedded colour profile is converted to sRGB; PNG's gAMA chunk is not
    applied. 16 bits a channel keep their precision. `read_image` gives what this drops.

    Args:
        source: The file's content as bytes, or the path of the file.
        max_pixels: The largest image that is opened, in pixels.

    Returns:
        float32 array of shape (height, width, 3), sRGB, in [0, 1].

    Raises:
        ImageError: The file is missing, too large, of more than `max_pixels` pixels,
            not an image, damaged, or without a defined white.

    Example:
        >>> from cae_core.images.encoding import encode_png
        >>> open_image(encode_png(np.ones((2, 3), np.float32))).shape
        (2, 3, 3)
    """
    opened = read_image(source, max_pixels=max_pixels)
    pixels = over_white(opened.pixels, opened.opacity)
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis].repeat(3, axis=2)


def over_white(pixels: np.ndarray, opacity: np.ndarray | None) -> np.ndarray:
    """Lays a transparent image over white.

    Args:
        pixels: float (H, W) or (H, W, C), white at 1.
        opacity: (H, W) in [0, 1]; None for an opaque image, which is returned as it is.

    Returns:
        An array of the image's shape.

    Example:
        >>> over_white(np.zeros((1, 2), np.float32), np.array([[0, 0.75]], np.float32))
        array([[1.  , 0.25]], dtype=float32)
    """
    if opacity is None:
        return pixels
    share = opacity if pixels.ndim == 2 else opacity[..., np.newaxis]
    return pixels * share + (1 - share)


def read_image(
    source: bytes | str | os.PathLike[str],
    *,
    longest_side: int | None = None,
    shortest_side: int = 0,
    most_pixels: int | None = None,
    box: Box | None = None,
    stretch: bool = False,
    max_pixels: int = MAX_PIXELS,
    admission: Admission | None = None,
) -> OpenedImage:
    """Open an image as `open_image` does, with its transparency, precision and metadata.

    Args:
        source: The file's content as bytes, or the path of the file.
        longest_side: Reduces a larger image to this height or width, in pixels. A JPEG is then
            decoded at a fraction of its size.
        shortest_side: What the other side is not reduced below, whatever the longest is.
        most_pixels: Reduces a larger image to about so many pixels, in place of a longest side.
        box: Takes a part (left, top, right, bottom) of the upright image, in pixels.
        stretch: Brings the largest number of `used_bits` bits to white.
        max_pixels: The largest image that is opened, in pixels.
        admission: Called with the bytes of memory that the work takes before any of them is
            used; what it returns is held meanwhile. None lets every image in.

    Returns:
        The image.

    Raises:
        ImageError: As `open_image`.

    Example:
        >>> from cae_core.images.encoding import encode_png
        >>> file = encode_png(np.ones((20, 30, 3), np.float32))
        >>> opened = read_image(file, longest_side=15)
        >>> opened.pixels.shape, opened.full_size
        ((10, 15), (20, 30))
    """
    max_bytes = MAX_FILE_BYTES if max_pixels <= MAX_PIXELS else _LARGEST_PIXEL * max_pixels
    data, received = read_image_file(source, max(MAX_FILE_BYTES, max_bytes))
    with one_at_a_time(data, received, max_pixels):
        file = OpenFile(data, received, max_pixels)
        width, height = file.size
        scale = None
        if longest_side is not None:
            scale = max(longest_side / max(file.size), shortest_side / min(file.size))
        elif most_pixels is not None:
            scale = math.sqrt(most_pixels / (width * height))
        if scale is not None:
            file.reduce(scale)
    left, top, right, bottom = box or (0, 0, width, height)
    kept = 0 if scale is not None else 12 * (right - left) * (bottom - top)
    admitted = admission(file.decoding_bytes() + kept) if admission else nullcontext()
    try:
        with admitted, one_at_a_time(data, received, max_pixels):
            decoded = file.decode()
            used_bits = decoded.used_bits
            if stretch:
                decoded = decoded.stretched()
            if scale is None:
                pixels, opacity = _converted(decoded, box or (0, 0, *decoded.size))
            else:
                pixels, opacity = _reduced(decoded, min(1.0, scale), (height, width))
    except ImageError as error:
        error.work = width * height
        raise
    left_out = file.left_out
    if decoded.is_rounded:
        left_out += ("all but 8 of its 16 bits a channel, for its colour profile has tables",)
    return OpenedImage(
        pixels,
        opacity,
        (height, width),
        decoded.bits,
        used_bits,
        file.exif,
        file.dpi,
        file.is_jpeg,
        left_out,
        work=math.prod(decoded.size) + (width * height - math.prod(decoded.size)) // 8,
    )


def _converted(
    decoded: Decoded, box: Box, block: tuple[int, int] = (1, 1)
) -> tuple[np.ndarray, np.ndarray | None]:
    """The means of blocks of (height, width) pixels in a box, and of their opacity.

    Returns:
        float32 (h, w) where the image is grey, else (h, w, 3); and (h, w) or None.
    """
    left, top, right, bottom = box
    shape = ((bottom - top) // block[0], (right - left) // block[1])
    # As greys for as long as none has a colour.
    pixels = np.empty((*shape, 1), np.float32)
    opacity: np.ndarray | None = None
    for strip in strips(box, block[0]):
        colours, share = decoded.colours(strip)
        colours = _block_means(colours, block)
        start = (strip[1] - top) // block[0]
        rows = slice(start, start + len(colours))
        if colours.shape[2] == 3 and pixels.shape[2] == 1:
            pixels, grey = np.empty((*shape, 3), np.float32), pixels
            pixels[:start] = grey[:start]
        pixels[rows] = colours
        if share is not None:
            opacity = np.ones(shape, np.float32) if opacity is None else opacity
            opacity[rows] = _block_means(share[..., np.newaxis], block)[..., 0]
    return (pixels if pixels.shape[2] == 3 else pixels[..., 0]), opacity


def _block_means(values: np.ndarray, block: tuple[int, int]) -> np.ndarray:
    """(H, W, C) -> (H / height, W / width, C); what is left over at the end is dropped."""
    if block == (1, 1):
        return values
    (height, width), channels = block, values.shape[2]
    rows, columns = values.shape[0] // height, values.shape[1] // width
    whole = values[: rows * height, : columns * width]
    return whole.reshape(rows, height, columns, width, channels).mean(axis=(1, 3))


def _reduced(
    decoded: Decoded, scale: float, full_size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray | None]:
    """As `_converted`, the whole image at a scale of its full size."""
    width, height = decoded.size
    factor = max(1, int(max(width, height) / (OVERSAMPLING * scale * max(full_size))))
    block = (min(factor, height), min(factor, width))
    wanted = (max(1, round(scale * full_size[0])), max(1, round(scale * full_size[1])))
    pixels, opacity = _converted(decoded, (0, 0, width, height), block)
    if pixels.shape[:2] != wanted:
        pixels = resize(pixels, *wanted)
        opacity = None if opacity is None else resize(opacity, *wanted)
    return pixels, opacity
