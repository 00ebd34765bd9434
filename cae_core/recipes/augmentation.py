"""Augmentation of training images by shifts and flips. Importing this module imports Keras."""

from __future__ import annotations

import keras
import numpy as np


class MovedBatches(keras.utils.PyDataset):
    """Shuffled batches of randomly shifted and horizontally flipped images.

    Edges are padded by reflection.

    Args:
        images: uint8 (N, H, W, C).
        targets: Targets, (N, ...).
        batch_size: Images per batch; an incomplete last batch is dropped.
        margin: Largest shift, in pixels.
        is_mirrored: Whether images are flipped with probability 1/2.
        seed: Seed of order, shifts and flips.

    Example:
        >>> batches = MovedBatches(np.zeros((10, 8, 8, 3), np.uint8), np.arange(10), 4, margin=1)
        >>> len(batches), batches[0][0].shape, batches[0][1].shape
        (2, (4, 8, 8, 3), (4,))
    """

    def __init__(
        self,
        images: np.ndarray,
        targets: np.ndarray,
        batch_size: int,
        *,
        margin: int,
        is_mirrored: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        around = ((0, 0), (margin, margin), (margin, margin), (0, 0))
        self.images = np.pad(images, around, mode="symmetric")
        self.targets = targets
        self.batch_size = batch_size
        self.margin = margin
        self.is_mirrored = is_mirrored
        self.shape = images.shape[1:3]
        self.random = np.random.default_rng(seed)
        self.order = self.random.permutation(len(images))

    def __len__(self) -> int:
        return len(self.images) // self.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        # (N, H + 2m, W + 2m, C) -> a view of every shift, (N, 2m + 1, 2m + 1, C, H, W)
        places = np.lib.stride_tricks.sliding_window_view(self.images, self.shape, axis=(1, 2))
        down, right = self.random.integers(2 * self.margin + 1, size=(2, self.batch_size))
        moved = places[chosen, down, right].transpose(0, 2, 3, 1)  # (B, C, H, W) -> (B, H, W, C)
        if self.is_mirrored:
            some = self.random.integers(2, size=self.batch_size).astype(bool)
            moved[some] = moved[some, :, ::-1]
        return np.ascontiguousarray(moved), self.targets[chosen]

    def on_epoch_end(self) -> None:
        """Shuffles for the next epoch."""
        self.order = self.random.permutation(len(self.images))
