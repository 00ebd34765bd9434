"""Colour photographs that the colorizers are trained on. Importing this module needs no Keras."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cae_core.images.decoding import open_image
from cae_core.images.operations import middle, resize, to_uint8

VALIDATION_EVERY = 20
# Photographs are kept no larger than this; squares of 128 to this many pixels are shown.
LARGEST_SHORT_SIDE = 224
# Shares of the squares that are cut from the photographs of a folder. Flowers and pets are many
# and alike, so they are drawn less often than their number says.
SHARES = {"imagenet_sample": 0.4, "catsdogs": 0.15, "flowers": 0.15}
BSDS_SHARE = 0.3


@dataclass(frozen=True, eq=False)
class Group:
    """Photographs of one kind.

    Attributes:
        photos: Colour photographs, uint8 (H, W, 3).
        share: How often one of them is drawn; the shares of all groups sum to 1.
    """

    photos: list[np.ndarray]
    share: float


def read_photos(folder: Path) -> list[np.ndarray]:
    """All photographs of a folder that have colour, uint8, none larger than needed."""
    photos = [to_uint8(open_image(path)) for path in sorted(folder.glob("*.jpg"))]
    photos = [photo for photo in photos if np.ptp(photo.astype(int), axis=2).mean() > 2]
    return [
        photo if min(photo.shape[:2]) <= LARGEST_SHORT_SIDE else reduced(photo, LARGEST_SHORT_SIDE)
        for photo in photos
    ]


def split(
    photos: Path, bsds: Path, *, is_bsds_split: bool = False
) -> tuple[list[Group], list[Group]]:
    """Photographs to train on, and every `VALIDATION_EVERY`-th of the folders to validate.

    Args:
        photos: Has a folder for every one of `SHARES`.
        bsds: The folder BSDS500; of its ``val`` nothing is read.
        is_bsds_split: Whether some of its photographs are for validation, too.

    Returns:
        Groups to train on and to validate.
    """
    train, validation = [], []
    for name, share in SHARES.items():
        found = read_photos(photos / name)
        rest = [photo for index, photo in enumerate(found) if index % VALIDATION_EVERY]
        train.append(Group(rest, share))
        validation.append(Group(found[::VALIDATION_EVERY], share))
    found = read_photos(bsds / "train") + read_photos(bsds / "test")
    if is_bsds_split:
        validation.append(Group(found[::VALIDATION_EVERY], BSDS_SHARE))
        found = [photo for index, photo in enumerate(found) if index % VALIDATION_EVERY]
    train.append(Group(found, BSDS_SHARE))
    return train, validation


def random_square(groups: Sequence[Group], side: int, random: np.random.Generator) -> np.ndarray:
    """A random square of a random photograph, at a random scale, mirrored or not.

    Args:
        groups: The photographs.
        side: Of the square that comes out, in pixels.
        random: Draws it.

    Returns:
        uint8 (side, side, 3).
    """
    photos = groups[random.choice(len(groups), p=[group.share for group in groups])].photos
    photo = photos[random.integers(len(photos))]
    short = min(photo.shape[:2])
    cut = int(random.integers(round(0.6 * short), short + 1))
    top, left = (random.integers(length - cut + 1) for length in photo.shape[:2])
    square = photo[top : top + cut, left : left + cut]
    if random.integers(2):
        square = square[:, ::-1]
    return reduced(square, side)


def central_square(photo: np.ndarray, side: int) -> np.ndarray:
    """The middle of a photograph, uint8 (side, side, 3)."""
    return middle(reduced(photo, side), side, side)


def reduced(photo: np.ndarray, short_side: int) -> np.ndarray:
    """A photograph with a shorter side of so many pixels, uint8."""
    height, width = photo.shape[:2]
    scale = short_side / min(height, width)
    return to_uint8(resize(photo, round(scale * height), round(scale * width)))
