"""A thumbnail for every network: its input and its output for sample images."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from cae_core import zoo
from cae_core.data.samples import sample_check_images, sample_photograph
from cae_core.images.operations import image_grid, to_uint8
from cae_core.zoo.cards import IMAGES, NOT_KEPT, Card

THUMBNAILS = Path(__file__).with_name("thumbnails")
MADE_OF = "made_of.json"  # checksums of the networks that the thumbnails were made with
# Which of the sample images: a wheel, a mug and a parcel; or the digits 0 to 2.
PATCH_SIDE, PATCHES, DIGITS = 32, [7, 3, 10], [0, 1, 2]
# Outlines of a shirt, trousers and a boot, in pixels: for networks trained on Fashion-MNIST.
GARMENT_SIDE = 28
# fmt: off
GARMENTS = (
    ((8, 2), (11, 4), (17, 4), (20, 2), (27, 9), (23, 13),
     (21, 11), (21, 26), (7, 26), (7, 11), (5, 13), (1, 9)),
    ((8, 1), (20, 1), (22, 27), (16, 27), (14, 9), (12, 27), (6, 27)),
    ((15, 4), (25, 4), (26, 23), (1, 23), (2, 18), (13, 14)),
)
# fmt: on
EYE, EYE_SIDE, EYE_SIGMA = (100, 165), 64, 0.15  # part of the cat, and the noise added to it


def thumbnail(name: str) -> bytes | None:
    """The thumbnail of a network as a WebP file; None for a network that is newer than they are.

    Above are inputs, below outputs; a classifier has inputs alone.
    """
    path = THUMBNAILS / f"{name}.webp"
    return path.read_bytes() if path.exists() else None


def make_thumbnails() -> None:
    """Makes the thumbnails of all networks anew."""
    THUMBNAILS.mkdir(exist_ok=True)
    for path in THUMBNAILS.iterdir():
        path.unlink()
    made_of = {}
    for name in zoo.names():
        card = zoo.card(name)
        (THUMBNAILS / f"{name}.webp").write_bytes(_encoded(_image_of(card)))
        made_of[name] = card.sha256
    (THUMBNAILS / MADE_OF).write_text(json.dumps(made_of, indent=1) + "\n")


def _image_of(card: Card) -> np.ndarray:
    """Inputs above outputs, uint8 (H, W, 3)."""
    if card.task is None and card.noise_range is None and card.network not in zoo.AB_NETWORKS:
        images = sample_check_images(card.input_shape)[_chosen(card)]
        return _grid(images)
    if card.task is None:
        return _photo_pair(card)
    inputs, outputs = _way_through(card)
    return _grid(np.concatenate([inputs, outputs]))


def _chosen(card: Card) -> list[int]:
    """Numbers of the sample images that a network gets."""
    return PATCHES if card.input_shape[0] == PATCH_SIDE else DIGITS


def _way_through(card: Card) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and outputs of an autoencoder, uint8 (N, H, W, C)."""
    from cae_core.training.evaluation import samples_of

    if card.kept == NOT_KEPT:
        with np.load(zoo.FOLDER / card.name / IMAGES) as kept:
            _, inputs, outputs = kept["images"][:, _chosen(card)]
        return inputs, outputs
    assert card.task is not None  # noqa: S101 - asked for only where there is one
    if card.dataset == "fashion_mnist":
        images = _garments()
    else:
        shape = (*card.input_shape[:2], 3) if card.task.needs_color else card.input_shape
        images = sample_check_images(shape)[_chosen(card)]
    _, inputs, outputs = samples_of(zoo.load(card.name), card.task, images)
    return inputs, outputs


def _garments() -> np.ndarray:
    """Drawn garments, uint8 (3, 28, 28, 1)."""
    drawn = []
    for outline in GARMENTS:
        large = Image.new("L", (4 * GARMENT_SIDE, 4 * GARMENT_SIDE))
        ImageDraw.Draw(large).polygon([(4 * x, 4 * y) for x, y in outline], fill=200)
        drawn.append(np.asarray(large.reduce(4)))
    return np.stack(drawn)[..., np.newaxis]


def _grid(images: np.ndarray) -> np.ndarray:
    """Images in rows, grey ones in three channels."""
    return image_grid(np.repeat(images, 3 // images.shape[3], axis=3), len(PATCHES))


def _photo_pair(card: Card) -> np.ndarray:
    """The cat's eye before and after a network for photos of any size."""
    from cae_core.photos.colorizing import colorize, grey_of
    from cae_core.photos.denoising import denoise

    top, left = EYE
    eye = sample_photograph("chelsea.png")[top : top + EYE_SIDE, left : left + EYE_SIDE]
    if card.network in zoo.AB_NETWORKS:
        before = grey_of(eye)
        after = colorize(before, card.name)
    else:
        noise = np.random.default_rng(0).standard_normal(eye.shape, dtype=np.float32)
        before = np.clip(eye + EYE_SIGMA * noise, 0.0, 1.0)
        after = denoise(before, EYE_SIGMA, card.name)
    return np.concatenate([to_uint8(before), to_uint8(after)], axis=1)


def _encoded(image: np.ndarray) -> bytes:
    """A WebP file without loss: its pixels are enlarged."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "WEBP", lossless=True, quality=100, method=6)
    return file.getvalue()
