"""A latent in bits and bytes, beside an image as PNG: fewer numbers can be more bytes."""

from __future__ import annotations

import functools

import numpy as np

from cae_core.architecture.formulas import Shape, format_shape
from cae_core.architecture.report import Report
from cae_core.data.samples import drawn_digits, sample_photograph
from cae_core.images.encoding import encode_smallest_png
from cae_core.images.operations import middle, resize
from cae_core.training.tasks import LUMA

BYTE, FLOAT32 = 8, 32
"""Bits of a number that is rounded to 256 levels, and of one as networks compute it."""


def latent_bytes(numbers: int, bits: int) -> int:
    """Bytes of a latent whose numbers have some bits each, without any header.

    Example:
        >>> latent_bytes(1024, FLOAT32), latent_bytes(1024, BYTE), latent_bytes(3, 1)
        (4096, 1024, 1)
    """
    return -(-numbers * bits // 8)


@functools.lru_cache(maxsize=64)
def sample_png_bytes(shape: Shape) -> int | None:
    """Bytes of a sample image of some shape as PNG: a drawn digit at 28x28x1, else the cat.

    Args:
        shape: Height, width and channels.

    Returns:
        None for other than 1 or 3 channels, and for more pixels than the photo of the cat has.

    Example:
        >>> sample_png_bytes((28, 28, 1)) < 784 < sample_png_bytes((32, 32, 3)) < 3072
        True
        >>> sample_png_bytes((32, 32, 4)) is None
        True
    """
    height, width, channels = shape
    if shape == (28, 28, 1):
        return len(encode_smallest_png(drawn_digits(3)[2]))
    photo = sample_photograph("chelsea.png")
    if channels not in (1, 3) or height > photo.shape[0] or width > photo.shape[1]:
        return None
    image = resize(_largest_middle(photo, height / width), height, width)
    if channels == 1:
        image = image @ np.array(LUMA, np.float32)  # (H, W, 3) -> (H, W)
    return len(encode_smallest_png(image))


def said_in_bytes(report: Report) -> str:
    """The latent of a network in bits and bytes, and whether it is larger than a sample's PNG.

    Args:
        report: The arithmetic of a network that can be built.

    Example:
        >>> from cae_core.architecture.notation import Architecture
        >>> from cae_core.architecture.report import analyze
        >>> wide = analyze(Architecture.parse("9x9x2 conv16 | conv2"))
        >>> said_in_bytes(wide)
        '10,368 bits (1,296 bytes) at 8 bits a number, 41,472 bits (5,184 bytes) at 32.'
    """
    numbers = report.latent_size
    byte, float32 = latent_bytes(numbers, BYTE), latent_bytes(numbers, FLOAT32)
    said = (
        f"{BYTE * numbers:,} bits ({byte:,} bytes) at {BYTE} bits a number, "
        f"{FLOAT32 * numbers:,} bits ({float32:,} bytes) at {FLOAT32}."
    )
    png = sample_png_bytes(report.architecture.input_shape)
    if png is None:
        return said
    if byte > png:
        compared = "the latent is larger either way"
    elif float32 > png:
        compared = f"at {FLOAT32} bits a number the latent is larger"
    else:
        compared = "the latent is smaller either way"
    shape = format_shape(report.architecture.input_shape)
    return f"{said} A sample image of {shape} has {png:,} bytes as PNG: {compared}."


def _largest_middle(photo: np.ndarray, aspect: float) -> np.ndarray:
    """The largest part in the middle of a photo with a height of `aspect` times its width."""
    height, width = photo.shape[:2]
    tall, wide = min(height, round(width * aspect)), min(width, round(height / aspect))
    return middle(photo, tall, wide)
