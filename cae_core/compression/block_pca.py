"""PCA by blocks as a codec, to compare networks with: the best linear map with the same coder.

The components are those of blocks of one photograph. They stay the same for all images, as a
network's weights do, so that they are in no file.
"""

from __future__ import annotations

import functools
import struct

import numpy as np

from cae_core.compression.quantisation import CELL, pack_latents, unpack_latents
from cae_core.data.samples import sample_photograph
from cae_core.images.operations import as_image, to_uint8

BLOCK = 16
"""Height and width of a block in pixels."""

# A photograph that nobody is offered to compress.
_LEARNT_FROM = "motorcycle_left.png"
_SIZE = struct.Struct("<2L")


def encode_by_pca(image: np.ndarray, step: int) -> bytes:
    """Encodes an image block by block as its principal components.

    Args:
        image: uint8 (H, W) or (H, W, 3).
        step: Number of the step that they are rounded to, from 0 to 63, the largest first.

    Returns:
        What `decode_by_pca` reads, on this machine.

    Example:
        >>> image = np.full((40, 50, 3), 200, np.uint8)
        >>> decode_by_pca(encode_by_pca(image, 30)).shape
        (40, 50, 3)
    """
    height, width = image.shape[:2]
    mean, components = _components()
    padding = ((0, -height % BLOCK), (0, -width % BLOCK), (0, 0))
    blocks = _blocks(np.pad(as_image(image), padding, mode="symmetric"))
    gains = np.zeros(len(mean), np.int64)  # components are of length 1
    packed = pack_latents((blocks - mean) @ components, step, gains, CELL // BLOCK)
    return _SIZE.pack(height, width) + packed


def decode_by_pca(data: bytes) -> np.ndarray:
    """The image of what `encode_by_pca` made, uint8 (H, W, 3)."""
    height, width = _SIZE.unpack_from(data)
    mean, components = _components()
    grid = -(-height // BLOCK), -(-width // BLOCK)
    latents = unpack_latents(data[_SIZE.size :], grid, len(mean), CELL // BLOCK)
    blocks = (latents @ components.T + mean).reshape(*grid, BLOCK, BLOCK, 3)
    # (rows, columns, h, w, 3) -> (rows, h, columns, w, 3)
    whole = blocks.swapaxes(1, 2).reshape(grid[0] * BLOCK, grid[1] * BLOCK, 3)
    return to_uint8(whole[:height, :width])


def _blocks(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) -> (rows, columns, numbers of a block); what is no whole block is left out."""
    rows, columns = image.shape[0] // BLOCK, image.shape[1] // BLOCK
    whole = image[: rows * BLOCK, : columns * BLOCK]
    return whole.reshape(rows, BLOCK, columns, BLOCK, 3).swapaxes(1, 2).reshape(rows, columns, -1)


@functools.cache
def _components() -> tuple[np.ndarray, np.ndarray]:
    """Mean of blocks, (D,), and their principal components as columns, (D, D)."""
    photo = sample_photograph(_LEARNT_FROM)
    parts = [
        _blocks(image[shift:, shift:]) for image in (photo, photo[:, ::-1]) for shift in (0, 8)
    ]
    blocks = np.concatenate([part.reshape(-1, part.shape[2]) for part in parts])
    mean = blocks.mean(axis=0)
    covariance = (blocks - mean).T @ (blocks - mean)
    return mean, np.linalg.eigh(covariance)[1][:, ::-1]  # the largest first
