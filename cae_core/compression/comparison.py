"""One image by several codecs: our network, PCA by blocks, and those of Pillow."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from PIL import Image, features

from cae_core.compression.block_pca import decode_by_pca, encode_by_pca
from cae_core.compression.codec import QUALITIES, compress, decompress
from cae_core.formats import format_psnr
from cae_core.images.metrics import psnr, ssim_of
from cae_core.studies.tables import COMPRESSION, table_path

NETWORK, PCA, JPEG, WEBP, AVIF = "Network", "PCA by blocks", "JPEG", "WebP", "AVIF"


@dataclass(frozen=True)
class Codec:
    """A way from an image to a file and back.

    Attributes:
        encode: From an image, uint8 (H, W) or (H, W, 3), and a quality to the content of a file.
        decode: From the content to an image.
        qualities: The qualities; files grow with them.
        some: Those that a curve is drawn through.
    """

    encode: Callable[[np.ndarray, int], bytes]
    decode: Callable[[bytes], np.ndarray]
    qualities: range
    some: Sequence[int]


@dataclass(frozen=True)
class Point:
    """A point of a curve: means over images coded by one codec at one quality.

    Attributes:
        bits_per_pixel: Bits of the file by pixels of the image.
        psnr: PSNR in dB.
        ssim: Structural similarity.
    """

    bits_per_pixel: float
    psnr: float
    ssim: float


@dataclass(frozen=True, eq=False)
class Coded:
    """An image after a codec.

    Attributes:
        codec: Name of the codec.
        data: The content of the file.
        image: The image that the file gives, uint8 of the original's shape.
        psnr: PSNR in dB.
        ssim: Structural similarity.
    """

    codec: str
    data: bytes
    image: np.ndarray
    psnr: float
    ssim: float

    @property
    def bits_per_pixel(self) -> float:
        """Bits of the file by pixels of the image."""
        return 8 * len(self.data) / (self.image.shape[0] * self.image.shape[1])


def _of_pillow(kind: str, qualities: range, some: Sequence[int], **options: int) -> Codec:
    """A codec of Pillow's."""

    def encode(image: np.ndarray, quality: int) -> bytes:
        file = io.BytesIO()
        Image.fromarray(image).save(file, kind, quality=quality, **options)
        return file.getvalue()

    def decode(data: bytes) -> np.ndarray:
        with Image.open(io.BytesIO(data)) as opened:
            return np.asarray(opened)

    return Codec(encode, decode, qualities, some)


@functools.cache
def codecs() -> Mapping[str, Codec]:
    """The codecs of this machine by name: AVIF only where Pillow has it.

    Example:
        >>> list(codecs())[:3]
        ['Network', 'JPEG', 'WebP']
    """
    found = {
        NETWORK: Codec(
            lambda image, quality: compress(image, quality=quality),
            decompress,
            QUALITIES,
            (1, 3, 5, 7, 8, 10),
        ),
        JPEG: _of_pillow("JPEG", range(1, 96), (2, 5, 10, 20, 40, 60, 80, 92), optimize=True),
        WEBP: _of_pillow("WEBP", range(101), (0, 5, 15, 30, 50, 75, 88, 95), method=6),
    }
    if features.check("avif"):
        found[AVIF] = _of_pillow("AVIF", range(101), (5, 15, 30, 45, 60, 75, 88), speed=6)
    found[PCA] = Codec(encode_by_pca, decode_by_pca, range(8, 64), range(12, 33, 4))
    return found


def coded(image: np.ndarray, name: str, quality: int) -> Coded:
    """An image by a codec, with the figures of what the file gives.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        name: Name of the codec.
        quality: One of its qualities.
    """
    return _measured(image, name, codecs()[name].encode(image, quality))


def coded_within(image: np.ndarray, name: str, size: int) -> Coded:
    """An image by a codec in at most some bytes.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        name: Name of the codec.
        size: The bytes.

    Returns:
        The file of the highest such quality; of the lowest quality where all are larger.

    Example:
        >>> image = np.random.default_rng(0).integers(255, size=(32, 32, 3), dtype=np.uint8)
        >>> len(coded_within(image, WEBP, 1_000).data) <= 1_000
        True
    """
    codec = codecs()[name]
    low, high = codec.qualities[0], codec.qualities[-1]
    best = codec.encode(image, low)
    while low < high:
        middle = (low + high + 1) // 2
        file = codec.encode(image, middle)
        if len(file) <= size:
            low, best = middle, file
        else:
            high = middle - 1
    return _measured(image, name, best)


def curve(image: np.ndarray, name: str) -> list[Point]:
    """The figures of an image by a codec at some of its qualities.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        name: Name of the codec.
    """
    results = (coded(image, name, quality) for quality in codecs()[name].some)
    return [Point(result.bits_per_pixel, result.psnr, result.ssim) for result in results]


def at_same_size(image: np.ndarray, quality: int) -> list[Coded]:
    """An image by our network, and by all other codecs in at most as many bytes.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        quality: That of our network, see `compress`.

    Returns:
        Ours first.
    """
    ours = coded(image, NETWORK, quality)
    others = [name for name in codecs() if name != NETWORK]
    return [ours, *(coded_within(image, name, len(ours.data)) for name in others)]


def verdict(results: Sequence[Coded]) -> str:
    """Names the codec nearest to the original, and compares our network with JPEG, in a sentence.

    Args:
        results: Of `at_same_size`.

    Example:
        >>> dot = np.zeros((1, 1), np.uint8)
        >>> ours, jpeg = (Coded(NETWORK, b"12", dot, 30.0, 0.9), Coded(JPEG, b"1", dot, 31.5, 0.9))
        >>> verdict([ours, jpeg])
        'In 2 bytes JPEG wins with 31.50 dB; our network has 30.00 dB, 1.50 dB less than JPEG.'
        >>> verdict([ours, Coded(JPEG, b"123", dot, 31.0, 0.9)])
        'In 2 bytes our network wins with 30.00 dB; the smallest JPEG file has 3 bytes.'
    """
    size = len(results[0].data)
    by_name = {result.codec: result for result in results}
    ours, jpeg = by_name[NETWORK], by_name[JPEG]
    fitting = [result for result in results if len(result.data) <= size]
    best = max(fitting, key=lambda result: result.psnr)
    said = f"In {size:,} bytes {'our network' if best is ours else best.codec} wins"
    said += f" with {format_psnr(best.psnr)}"
    if best is not ours:
        said += f"; our network has {format_psnr(ours.psnr)}"
    if len(jpeg.data) > size:
        return f"{said}; the smallest JPEG file has {len(jpeg.data):,} bytes."
    difference = ours.psnr - jpeg.psnr
    return (
        f"{said}, {format_psnr(abs(difference))} {'more' if difference > 0 else 'less'} than JPEG."
    )


def stored_curves() -> dict[str, dict[str, list[Point]]]:
    """The curves that ``benchmarks/compression.py`` has measured, by test set and codec."""
    found: dict[str, dict[str, list[Point]]] = {}
    if not table_path(COMPRESSION).exists():
        return found
    with table_path(COMPRESSION).open(newline="") as file:
        for row in csv.DictReader(file):
            codec = found.setdefault(row["test_set"], {}).setdefault(row["codec"], [])
            figures = (float(row[field.name]) for field in fields(Point))
            codec.append(Point(*figures))
    return found


def at_bits(points: Sequence[Point], bits_per_pixel: float) -> tuple[float, float] | None:
    """PSNR and SSIM read off a curve; None beyond its ends.

    Args:
        points: The curve.
        bits_per_pixel: Where it is read.

    Example:
        >>> at_bits([Point(0.1, 20.0, 0.5), Point(0.4, 30.0, 0.9)], 0.2)
        (25.0, 0.7)
    """
    places = np.log([point.bits_per_pixel for point in points])
    place = np.log(bits_per_pixel)
    if not places[0] <= place <= places[-1]:
        return None
    psnrs, ssims = ([getattr(point, name) for point in points] for name in ("psnr", "ssim"))
    found = (np.interp(place, places, values) for values in (psnrs, ssims))
    first, second = (float(np.round(value, 10)) for value in found)
    return first, second


def _measured(image: np.ndarray, name: str, data: bytes) -> Coded:
    """A file with the figures of the image that it gives."""
    decoded = codecs()[name].decode(data)
    if decoded.shape != image.shape:  # a grey image that became a coloured one
        decoded = np.asarray(Image.fromarray(decoded).convert("L"))
    pair = decoded / 255, image / 255
    return Coded(name, data, decoded, psnr(*pair), ssim_of(*pair))
