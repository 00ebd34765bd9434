"""The sample photos' results and curves, stored, so that a visit computes nothing.

Run ``python -m cae_ui`` after a codec network was trained again or the qualities have changed.
"""

from __future__ import annotations

import json
from dataclasses import astuple
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cae_core import zoo
from cae_core.compression.codec import DEFAULT_QUALITY, LADDER
from cae_core.compression.comparison import (
    NETWORK,
    PCA,
    Coded,
    Point,
    at_same_size,
    codecs,
    curve,
)
from cae_core.data.samples import photograph_path
from cae_core.images.decoding import read_image
from cae_ui.common.image_views import pixels
from cae_ui.common.photo_input import SAMPLE_PHOTOS

LONGEST_SIDE = 512
"""Pixels to which a photo is reduced: a codec takes about a second for a quarter of a megapixel."""

STORED = Path(__file__).with_name("stored")
FIGURES = "figures.json"
# Their images are stored too, for decoding them takes a while; the installed package decodes them.
_SLOW = (NETWORK, PCA)


def made_of() -> dict[str, Any]:
    """All that the results depend on: networks and steps of the qualities, checksums of weights."""
    return {
        "qualities": [list(place) for place in LADDER],
        "weights": {name: zoo.card(name).sha256 for name, _ in LADDER},
    }


def sample_image(sample: str) -> np.ndarray:
    """A sample photo as the page compresses it, uint8 (H, W, 3)."""
    opened = read_image(photograph_path(SAMPLE_PHOTOS[sample]), longest_side=LONGEST_SIDE)
    return pixels(opened.pixels, opened)


def make_results() -> None:
    """Compresses the sample photos by all codecs, at the default quality and for the curves."""
    STORED.mkdir(exist_ok=True)
    for path in STORED.iterdir():
        path.unlink()
    results: dict[str, Any] = {}
    curves: dict[str, Any] = {}
    for sample in SAMPLE_PHOTOS:
        image = sample_image(sample)
        results[sample] = {}
        for coded in at_same_size(image, DEFAULT_QUALITY):
            (STORED / file_name(sample, coded.codec)).write_bytes(coded.data)
            if coded.codec in _SLOW:
                _save(coded.image, STORED / image_name(sample, coded.codec))
            results[sample][coded.codec] = [coded.psnr, coded.ssim]
        curves[sample] = {name: [astuple(p) for p in curve(image, name)] for name in codecs()}
    text = json.dumps({"made_of": made_of(), "results": results, "curves": curves})
    (STORED / FIGURES).write_text(text + "\n")


def _save(image: np.ndarray, path: Path) -> None:
    """Saves an image without loss."""
    Image.fromarray(image).save(path, "WEBP", lossless=True, quality=100, method=6)


def file_name(sample: str, codec: str) -> str:
    """Name of the stored file of a codec.

    Example:
        >>> file_name("Cat", "PCA by blocks"), image_name("Cat", "PCA by blocks")
        ('cat.pca-by-blocks', 'cat-pca-by-blocks.webp')
    """
    return f"{sample.lower()}.{codec.lower().replace(' ', '-')}"


def image_name(sample: str, codec: str) -> str:
    """Name of the stored image that a file of a slow codec gives."""
    return file_name(sample, codec).replace(".", "-") + ".webp"


@cache
def _figures() -> dict[str, Any]:
    """The stored figures."""
    found: dict[str, Any] = json.loads((STORED / FIGURES).read_text())
    return found


@cache
def stored_results(sample: str) -> list[Coded]:
    """The results of a sample photo at the default quality, as `comparison.at_same_size`."""
    return [
        _stored(sample, codec, *figures)
        for codec, figures in _figures()["results"][sample].items()
        if codec in codecs()
    ]


def _stored(sample: str, codec: str, psnr: float, ssim: float) -> Coded:
    """The result of one codec."""
    data = (STORED / file_name(sample, codec)).read_bytes()
    stored = STORED / image_name(sample, codec)
    if stored.exists():
        with Image.open(stored) as opened:
            image = np.asarray(opened.convert("RGB"))
    else:
        image = codecs()[codec].decode(data)
    return Coded(codec, data, image, psnr, ssim)


def stored_curves(sample: str) -> dict[str, list[Point]]:
    """The curves of a sample photo by codec."""
    found = _figures()["curves"][sample]
    return {codec: [Point(*figures) for figures in points] for codec, points in found.items()}
