"""Snapshots of a training: what the network makes of the same few images, at several moments.

They are few and small: at most `MOST` moments, closer together at the start, where most happens,
and at most `LARGEST` bytes in all. Importing this module does not import Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cae_core.errors import RecordError
from cae_core.records import naming, read_array, read_images

SNAPSHOTS = "snapshots.npz"
MOST = 24
LARGEST = 4_000_000
_MOST_IMAGES, _MOST_KERNELS = 8, 64
_LARGEST_HALF = float(np.finfo(np.float16).max)


@dataclass(frozen=True, eq=False)
class Snapshots:
    """A network at T moments of its training.

    Attributes:
        epochs: (T,) epochs done at each moment, rising; the first is 0 where the training was
            seen from its start.
        images: (N, H, W, C) uint8: the sample images.
        outputs: (T, N, H, W, C) uint8: the network's outputs for them, as images.
        latents: (T, N, ...) float16: their latents.
        kernels: (T, H, W, C, M) float16: the weights of the first M outputs of the first layer;
            M is 0 where that layer is no convolution or dense layer.
    """

    epochs: np.ndarray
    images: np.ndarray
    outputs: np.ndarray
    latents: np.ndarray
    kernels: np.ndarray

    def __len__(self) -> int:
        return len(self.epochs)

    def save(self, folder: Path) -> None:
        """Writes the file into a folder."""
        np.savez(folder / SNAPSHOTS, **vars(self))

    @classmethod
    def load(cls, folder: Path) -> Snapshots | None:
        """Reads the file of a folder; None where there is none.

        Raises:
            RecordError: It is damaged.
        """
        path = folder / SNAPSHOTS
        if not path.exists():
            return None
        found = cls(
            epochs=read_array(path, "epochs"),
            images=read_images(path, name="images"),
            outputs=read_array(path, "outputs"),
            latents=read_array(path, "latents"),
            kernels=read_array(path, "kernels"),
        )
        with naming(path):
            found.check()
        return found

    def check(self) -> None:
        """Refuses arrays that do not belong together, or that cannot be shown.

        Raises:
            RecordError: Naming what is wrong.
        """
        moments, images = (len(self.epochs), len(self.images)) if self.epochs.ndim == 1 else (0, 0)
        half = np.dtype(np.float16)
        is_whole = (
            0 < moments <= MOST
            and self.epochs.dtype.kind == "f"
            and bool(np.all(np.diff(self.epochs) > 0))
            and self.outputs.dtype == np.uint8
            and self.outputs.shape == (moments, *self.images.shape)
            and self.latents.dtype == self.kernels.dtype == half
            and self.latents.shape[:2] == (moments, images)
            and self.latents.ndim in (3, 5)
            and self.latents.size > 0
            and self.kernels.ndim == 5
            and len(self.kernels) == moments
        )
        numbers = (self.epochs, self.latents, self.kernels)
        if not is_whole or not all(np.isfinite(array).all() for array in numbers):
            raise RecordError("holds no snapshots")


def moments(steps: int, most: int = MOST) -> list[int]:
    """The steps of a training after which a snapshot is taken, in geometric progression.

    Args:
        steps: Steps of the whole training.
        most: Number of moments at most.

    Example:
        >>> moments(1000, most=8)
        [0, 1, 3, 10, 32, 100, 316, 1000]
    """
    later = np.geomspace(1, steps, most - 1)
    return [0, *sorted({int(step) for step in np.round(later)})]


@dataclass(frozen=True)
class Room:
    """How many images, kernels and moments fit into the bytes of a training's snapshots.

    Attributes:
        images: Sample images of a snapshot.
        kernels: Kernels of a snapshot.
        moments: Snapshots; 0 where not even two of the smallest fit.
    """

    images: int
    kernels: int
    moments: int

    @classmethod
    def of(cls, image_numbers: int, latent_numbers: int, kernel_numbers: int) -> Room:
        """The room for a network.

        Args:
            image_numbers: Numbers in an output image.
            latent_numbers: Numbers in a latent.
            kernel_numbers: Weights of one kernel; 0 for none.

        Example:
            >>> Room.of(32 * 32 * 3, 1024, 27)
            Room(images=8, kernels=64, moments=24)
            >>> Room.of(256 * 256 * 3, 65536, 27)
            Room(images=1, kernels=64, moments=11)
        """
        share = LARGEST // MOST
        kernels = min(_MOST_KERNELS, share // 3 // (2 * kernel_numbers)) if kernel_numbers else 0
        image_bytes = image_numbers + 2 * latent_numbers
        rest = share - 2 * kernels * kernel_numbers
        images = min(_MOST_IMAGES, max(1, rest // image_bytes))
        # The images themselves are kept once.
        size = images * image_bytes + 2 * kernels * kernel_numbers
        count = min(MOST, (LARGEST - images * image_numbers) // size)
        return cls(images, kernels, count if count > 1 else 0)


def as_half(array: np.ndarray) -> np.ndarray:
    """An array as float16, cut to its range."""
    return np.clip(array, -_LARGEST_HALF, _LARGEST_HALF).astype(np.float16)
