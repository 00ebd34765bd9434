"""The codec beside JPEG and WebP, an image at one number of bytes by each."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cae_core.compression.codec import compress, decompress
from cae_core.images.metrics import psnr, ssim_of

CAE, JPEG, WEBP = "CAE", "JPEG", "WebP"
# What Pillow is asked for, its slowest and best.
_OPTIONS: dict[str, dict[str, int | bool]] = {JPEG: {"optimize": True}, WEBP: {"method": 6}}
_QUALITIES = {JPEG: range(1, 96), WEBP: range(101)}


@dataclass(frozen=True)
class Squeezed:
    """An image after a codec.

    Attributes:
        codec: `CAE`, `JPEG` or `WEBP`.
        size: Bytes of the file.
        image: The image that the file gives, uint8 of the original's shape.
        bits_per_pixel: Bits of the file by pixels of the image.
        psnr: PSNR in dB.
        ssim: Structural similarity.
    """

    codec: str
    size: int
    image: np.ndarray
    bits_per_pixel: float
    psnr: float
    ssim: float


def compare(image: np.ndarray, quality: int, model: str | None = None) -> list[Squeezed]:
    """An image by our codec, and by JPEG and WebP in as many bytes.

    Args:
        image: uint8 (H, W, 3) or (H, W).
        quality: Of our codec.
        model: Our network, as for `compress`.

    Returns:
        Ours, and for each of the others its largest file that is no larger than ours; its smallest
        where all are larger.
    """
    file = compress(image, model, quality)
    results = [_measured(CAE, image, len(file), decompress(file))]
    for codec in (JPEG, WEBP):
        other = largest_within(image, codec, len(file))
        with Image.open(io.BytesIO(other)) as opened:
            decoded = np.asarray(opened.convert("L" if image.ndim == 2 else "RGB"))
        results.append(_measured(codec, image, len(other), decoded))
    return results


def largest_within(image: np.ndarray, codec: str, size: int) -> bytes:
    """The best JPEG or WebP file of an image that has at most some bytes.

    Args:
        image: uint8 (H, W, 3) or (H, W).
        codec: `JPEG` or `WEBP`.
        size: The bytes.

    Returns:
        The file of the highest such quality; of the lowest quality where all are larger.

    Example:
        >>> image = np.random.default_rng(0).integers(255, size=(32, 32, 3), dtype=np.uint8)
        >>> len(largest_within(image, WEBP, 1_000)) <= 1_000
        True
    """
    low, high = _QUALITIES[codec][0], _QUALITIES[codec][-1]
    best = _encoded(image, codec, low)
    while low < high:  # files grow with their quality
        middle = (low + high + 1) // 2
        file = _encoded(image, codec, middle)
        if len(file) <= size:
            low, best = middle, file
        else:
            high = middle - 1
    return best


def _encoded(image: np.ndarray, codec: str, quality: int) -> bytes:
    """A file of Pillow's."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, codec, quality=quality, **_OPTIONS[codec])
    return file.getvalue()


def _measured(codec: str, image: np.ndarray, size: int, decoded: np.ndarray) -> Squeezed:
    """What a codec made of an image."""
    height, width = image.shape[:2]
    pair = decoded / 255, image / 255
    return Squeezed(codec, size, decoded, 8 * size / (height * width), psnr(*pair), ssim_of(*pair))
