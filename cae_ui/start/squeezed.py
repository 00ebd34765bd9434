"""A photo squeezed and rebuilt by networks of growing latent size: stored, or computed live."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from cae_core import zoo
from cae_core.errors import ZooError
from cae_core.images.decoding import over_white
from cae_core.images.metrics import psnr
from cae_core.images.operations import resize, to_uint8
from cae_core.photos.squeezing import latent_image, rebuild_photo, squeeze_photo
from cae_ui.common.photo_input import SAMPLE_PHOTOS, Photo, overview
from cae_ui.common.resources import freeze_garbage_collector

LATENT_SIZES = (32, 64, 128, 256, 512, 1000)
DEFAULT_LATENT_SIZE = 128
BLOCK, LARGEST_SIDE = 32, 256  # pixels
STORED = Path(__file__).with_name("stored")
FIGURES = "figures.json"
_QUALITY = 90


@dataclass(frozen=True)
class Result:
    """A photo, its latent, and the photo rebuilt from the latent.

    Attributes:
        original: The square photo as a WebP file.
        latent: The latent's bytes as a PNG file, a pixel a number.
        rebuilt: The photo that the decoder makes of the latent, as a WebP file.
        side: Height and width of the photo in pixels.
        latent_bytes: Size of the latent with its scale.
        psnr: Of the rebuilt photo against the original, in dB, both before they became files.
    """

    original: bytes
    latent: bytes
    rebuilt: bytes
    side: int
    latent_bytes: int
    psnr: float

    @property
    def photo_bytes(self) -> int:
        """Size of the photo without any compression."""
        return self.side * self.side * 3


def network_name(latent_size: int) -> str:
    """The network of the zoo whose latent has so many numbers."""
    return f"pca-{latent_size}"


def result_of(photo: Photo, latent_size: int) -> Result:
    """A chosen photo squeezed and rebuilt; for a sample photo no network is started.

    Raises:
        ImageError: The photo cannot be opened.
        ZooError: The network is not here.
    """
    if photo.identity in SAMPLE_PHOTOS:
        return stored_result(photo.name, latent_size)
    opened = overview(photo)
    name = network_name(latent_size)
    if name not in zoo.names():
        raise ZooError(
            "A photo of your own is squeezed by networks that the installed package leaves out for "
            f"their size. Received: {name}. Run the app from the project's repository."
        )
    square = square_of(over_white(opened.pixels, opened.opacity))
    return _computed(square, latent_size, zoo.card(name).sha256)


def square_of(pixels: np.ndarray) -> np.ndarray:
    """The square in the middle of a photo, its sides a multiple of `BLOCK`.

    Args:
        pixels: (H, W) or (H, W, 3) in [0, 1].

    Returns:
        (side, side, 3), at most `LARGEST_SIDE`.

    Example:
        >>> square_of(np.zeros((100, 70), np.float32)).shape
        (64, 64, 3)
    """
    shortest = min(pixels.shape[:2])
    top, left = ((length - shortest) // 2 for length in pixels.shape[:2])
    middle = pixels[top : top + shortest, left : left + shortest]
    side = min(max(shortest // BLOCK, 1) * BLOCK, LARGEST_SIDE)
    square = resize(middle, side, side)
    return square if square.ndim == 3 else square[..., np.newaxis].repeat(3, axis=2)


@st.cache_data(max_entries=32, show_spinner="The network works …")
def _computed(square: np.ndarray, latent_size: int, checksum: str) -> Result:
    """Keeps results; a new checksum is a new network."""
    result = compute(square, latent_size)
    freeze_garbage_collector()
    return result


def compute(square: np.ndarray, latent_size: int) -> Result:
    """Squeezes and rebuilds a photo that `square_of` made."""
    model = zoo.load(network_name(latent_size))
    squeezed = squeeze_photo(square, model)
    rebuilt = rebuild_photo(squeezed, model)
    return Result(
        original=_webp(square),
        latent=_png(latent_image(squeezed, BLOCK)),
        rebuilt=_webp(rebuilt),
        side=len(square),
        latent_bytes=squeezed.size,
        psnr=psnr(rebuilt, square),
    )


def _webp(image: np.ndarray) -> bytes:
    """A photo as a small file."""
    file = io.BytesIO()
    Image.fromarray(to_uint8(image)).save(file, "WEBP", quality=_QUALITY, method=6)
    return file.getvalue()


def _png(image: np.ndarray) -> bytes:
    """Grey and opacity, (H, W, 2) uint8, as a file."""
    file = io.BytesIO()
    Image.fromarray(image, "LA").save(file, "PNG", optimize=True)
    return file.getvalue()


def file_names(sample: str, latent_size: int) -> tuple[str, str, str]:
    """Names of the stored files of a sample photo: original, latent, rebuilt.

    Example:
        >>> file_names("Cat", 32)
        ('cat.webp', 'cat-32-latent.png', 'cat-32.webp')
    """
    name = sample.lower()
    return f"{name}.webp", f"{name}-{latent_size}-latent.png", f"{name}-{latent_size}.webp"


@cache
def stored_result(sample: str, latent_size: int) -> Result:
    """The stored result of a sample photo."""
    figures = json.loads((STORED / FIGURES).read_text())["results"][sample][str(latent_size)]
    original, latent, rebuilt = (
        (STORED / name).read_bytes() for name in file_names(sample, latent_size)
    )
    return Result(original, latent, rebuilt, **figures)
