"""A photo squeezed into the latents of a small network, block by block, and rebuilt from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from cae_core.errors import ImageError
from cae_core.formats import format_size
from cae_core.images.operations import as_image, middle

_LEVELS = 255  # of a byte above 0


@dataclass(frozen=True, eq=False)
class SqueezedPhoto:
    """The latents of a photo's blocks, every number rounded to a byte.

    Attributes:
        values: uint8 (rows, columns, N), the N numbers of every block.
        lowest: float16 (N,), the number that the byte 0 stands for.
        step: float16 (N,), the difference between two neighbouring bytes.
    """

    values: np.ndarray
    lowest: np.ndarray
    step: np.ndarray

    @property
    def size(self) -> int:
        """Bytes of the values and of their scale."""
        return self.values.nbytes + self.lowest.nbytes + self.step.nbytes

    def latents(self) -> np.ndarray:
        """The numbers that the bytes stand for, float32 (rows · columns, N)."""
        numbers = self.values * self.step.astype(np.float32) + self.lowest.astype(np.float32)
        return numbers.reshape(-1, numbers.shape[-1])


def squeeze_photo(photo: np.ndarray, model: Any) -> SqueezedPhoto:
    """Encodes a photo block by block and rounds every number of the latents to a byte.

    A number is rounded between its least and its greatest value in this photo; these are kept as
    16-bit floats, so that nothing but the bytes is needed to rebuild the photo.

    Args:
        photo: (H, W, 3) in [0, 1] or uint8; both sides are multiples of the block's.
        model: A network from blocks of 3 channels to blocks, with a vector as its latent.

    Raises:
        ImageError: The sides are no multiples of the block's.

    Example:
        >>> from cae_core.architecture.notation import Architecture
        >>> from cae_core.models.builder import build
        >>> model = build(Architecture.parse("flatten dense8 | dense3072 reshape32x32x3"))
        >>> squeezed = squeeze_photo(np.zeros((64, 96, 3), np.uint8), model)
        >>> squeezed.values.shape, squeezed.size
        ((2, 3, 8), 80)
    """
    from cae_core.models.builder import split

    image = as_image(photo)
    block = model.input_shape[1:3]
    rows, columns = (side // size for side, size in zip(image.shape, block, strict=False))
    if (rows * block[0], columns * block[1]) != image.shape[:2]:
        raise ImageError(
            f"A photo is squeezed in blocks of {format_size(block[0], block[1])} pixels. "
            f"Received: {format_size(image.shape[0], image.shape[1])} pixels. "
            "Cut or resize it to multiples of these."
        )
    # (H, W, 3) -> (rows, h, columns, w, 3) -> (rows · columns, h, w, 3)
    blocks = image.reshape(rows, block[0], columns, block[1], 3).swapaxes(1, 2)
    encoder, _ = split(model)
    # Called, not predicted with: predicting would trace the new model for a single batch.
    latents = np.asarray(encoder(blocks.reshape(-1, *block, 3), training=False))  # (B, N)
    lowest = latents.min(axis=0).astype(np.float16)
    step = ((latents.max(axis=0) - lowest) / _LEVELS).astype(np.float16)
    scaled = (latents - lowest) / np.where(step > 0, step, 1).astype(np.float32)
    values = np.clip(np.rint(scaled), 0, _LEVELS).astype(np.uint8)
    return SqueezedPhoto(values.reshape(rows, columns, -1), lowest, step)


def rebuild_photo(squeezed: SqueezedPhoto, model: Any) -> np.ndarray:
    """Decodes the bytes of a squeezed photo.

    Args:
        squeezed: A photo, squeezed by the same network.
        model: The network.

    Returns:
        float32 (H, W, 3) in [0, 1].
    """
    from cae_core.models.builder import split

    _, decoder = split(model)
    blocks = np.asarray(decoder(squeezed.latents(), training=False))  # (B, h, w, 3)
    rows, columns = squeezed.values.shape[:2]
    height, width = blocks.shape[1:3]
    grid = blocks.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    return np.clip(grid.reshape(rows * height, columns * width, 3), 0.0, 1.0)


def latent_image(squeezed: SqueezedPhoto, block: int) -> np.ndarray:
    """The bytes of a squeezed photo as grey pixels in the middle of an image of the photo's size.

    Every tile is one of the N numbers, its pixels are the blocks; those of the widest range come
    first.

    Args:
        squeezed: A squeezed photo.
        block: Height and width of a block in pixels; as many numbers have room in it.

    Returns:
        uint8 (H, W, 2), grey and opacity; transparent where no number is.

    Example:
        >>> scale = np.ones(8, np.float16)
        >>> image = latent_image(SqueezedPhoto(np.full((2, 3, 8), 7, np.uint8), scale, scale), 32)
        >>> image.shape, int((image[..., 1] > 0).sum())
        ((64, 96, 2), 48)
    """
    rows, columns, numbers = squeezed.values.shape
    across = 2 ** math.ceil(math.log2(numbers) / 2)
    down = math.ceil(numbers / across)
    tiles = np.zeros((down * across, rows, columns, 2), np.uint8)
    widest_first = np.argsort(-squeezed.step, kind="stable")
    tiles[:numbers, ..., 0] = squeezed.values[..., widest_first].transpose(2, 0, 1)
    tiles[:numbers, ..., 1] = 255
    grid = tiles.reshape(down, across, rows, columns, 2).swapaxes(1, 2)
    grid = grid.reshape(down * rows, across * columns, 2)
    image = np.zeros((rows * block, columns * block, 2), np.uint8)
    middle(image, *grid.shape[:2])[...] = grid
    return image
