"""A data set: training, validation and test images that share nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cae_core.errors import DatasetError

Pixels = NDArray[np.uint8]
PREVIEW_SAMPLES = 8


class Labels(NamedTuple):
    """Classes of a data set's images, whole numbers from 0 on.

    Attributes:
        train: Classes of the training images, (N,).
        validation: Classes of the validation images, (N,).
        test: Classes of the test images, (N,).
    """

    train: Pixels
    validation: Pixels
    test: Pixels


@dataclass(frozen=True, eq=False)
class DatasetPreview:
    """Name, sizes and a few images of a data set that is not kept in memory.

    Attributes:
        name: Name of the data set.
        image_shape: (height, width, channels) of every image.
        counts: Numbers of training, validation and test images.
        samples: A few validation images, uint8 (N, H, W, C).
        test_samples: A few test images, uint8 (N, H, W, C).
        notes: Remarks for the user, such as files that were skipped.
    """

    name: str
    image_shape: tuple[int, int, int]
    counts: tuple[int, int, int]
    samples: Pixels
    test_samples: Pixels
    notes: tuple[str, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images in three parts that share no image and no pixel.

    The arrays are read-only views: one data set can serve many readers.

    Attributes:
        name: Name in reports.
        train: Training images, uint8 (N, H, W, C).
        validation: Validation images, for decisions during training, uint8 (N, H, W, C).
        test: Test images, used once, at the end, uint8 (N, H, W, C).
        notes: Remarks for the user, such as files that were skipped.
        source: One sentence with its origin and licence.

    Raises:
        DatasetError: A part is empty, isn't uint8 NHWC with 1 or 3 channels, or its images
            have another shape than those of the other parts.

    Example:
        >>> part = np.zeros((4, 28, 28, 1), np.uint8)
        >>> Dataset("zeros", train=part, validation=part[:1], test=part[:1])
        Dataset('zeros': 4 training, 1 validation, 1 test images of 28×28×1)
    """

    name: str
    train: Pixels
    validation: Pixels
    test: Pixels
    notes: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        """Check the parts and make them read-only."""
        for part in ("train", "validation", "test"):
            images = getattr(self, part)
            _check_part(part, images)
            if images.shape[1:] != self.train.shape[1:]:
                raise DatasetError(
                    "All images of a data set have one shape. "
                    f"Received: {_times(images.shape[1:])} in {part}, "
                    f"{_times(self.train.shape[1:])} in train. Resize them to one shape."
                )
            view = images.view()
            view.flags.writeable = False
            object.__setattr__(self, part, view)  # the one moment a frozen dataclass is set up

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every image."""
        height, width, channels = self.train.shape[1:]
        return height, width, channels

    def preview(self) -> DatasetPreview:
        """Its name, sizes and copies of a few images."""
        return DatasetPreview(
            self.name,
            self.image_shape,
            (len(self.train), len(self.validation), len(self.test)),
            self.validation[:PREVIEW_SAMPLES].copy(),
            self.test[:PREVIEW_SAMPLES].copy(),
            self.notes,
        )

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}: {len(self.train):,} training, "
            f"{len(self.validation):,} validation, {len(self.test):,} test images "
            f"of {_times(self.image_shape)})"
        )


def _times(shape: Sequence[int]) -> str:
    """Write a shape as 32×32×3."""
    return "×".join(str(side) for side in shape)


def _check_part(part: str, images: Pixels) -> None:
    """Refuse a part that isn't a non-empty uint8 NHWC array with 1 or 3 channels."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise DatasetError(
            f"The {part} part is a uint8 array of shape (images, height, width, 1 or 3). "
            f"Received: {images.dtype}, shape {images.shape}. Convert it first."
        )
    if images.size == 0:
        raise DatasetError(
            f"The {part} part holds at least one image. Received: shape {images.shape}. "
            "Use more images, or other fractions."
        )


def check_split(seed: int, validation_fraction: float, test_fraction: float) -> None:
    """Refuse a seed or fractions that nothing can be split with.

    Args:
        seed: Seed of everything random in making the parts.
        validation_fraction: Share of the images used for validation.
        test_fraction: Share of the images used for the test.

    Raises:
        DatasetError: The seed isn't a whole number from 0 on, or the fractions leave one of
            the three parts nothing.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise DatasetError(f"A seed is a whole number from 0 on. Received: {seed!r}. Use 0.")
    if not (
        validation_fraction > 0 and test_fraction > 0 and validation_fraction + test_fraction < 1
    ):
        raise DatasetError(
            "The validation and test fractions are above 0 and below 1 together. "
            f"Received: {validation_fraction!r} and {test_fraction!r}. Use 0.1 and 0.1."
        )
