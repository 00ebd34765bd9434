"""From pieces of images to the patches of a data set's three parts.

No pixel is ever in two parts: whole images are split among them, or each image is first
divided into blocks and the blocks are split; patches are cut, and scaled, within one piece.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cae_core.data.dataset import Pixels
from cae_core.images.operations import resize, to_uint8

SCALES = (1.0, 0.75, 0.5)
BLOCK_SIDE = 3  # in patches: blocks of about 96 pixels for patches of 32
FLAT_STD = 8.0  # of the grey values 0..255; below it a patch shows next to nothing
FLAT_KEPT = 0.1  # the share of nearly flat positions that stay: skies exist too

Parts = tuple[list[Pixels], ...]
"""The pieces of training, validation and test: (height, width, 3) each, of any size."""


def split_indices(
    count: int, validation_fraction: float, test_fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Split a number of images or blocks among three parts at random, at least one for each.

    Args:
        count: Their number. Fewer than 3 are all for training.
        validation_fraction: Share for validation, as near as whole numbers allow.
        test_fraction: Share for the test, as near as whole numbers allow.
        rng: Shuffles them.

    Returns:
        Indices for training, validation and test. Every index is in exactly one of them.

    Example:
        >>> [len(part) for part in split_indices(20, 0.1, 0.1, np.random.default_rng(0))]
        [16, 2, 2]
    """
    order = rng.permutation(count)
    if count < 3:
        return order, order[:0], order[:0]
    validation = min(max(1, round(count * validation_fraction)), count - 2)
    test = min(max(1, round(count * test_fraction)), count - validation - 1)
    return order[validation + test :], order[:validation], order[validation : validation + test]


def blocks_of(height: int, width: int, side: int) -> list[tuple[slice, slice]]:
    """Divide an image into disjoint blocks of about the same size that cover it.

    Args:
        height: Of the image, in pixels.
        width: Of the image, in pixels.
        side: About the side of a block, in pixels.

    Returns:
        (rows, columns) of every block.

    Example:
        >>> blocks_of(100, 210, 100)
        [(slice(0, 100, None), slice(0, 105, None)), (slice(0, 100, None), slice(105, 210, None))]
    """

    def spans(length: int) -> list[slice]:
        count = max(1, round(length / side))
        edges = [length * index // count for index in range(count + 1)]
        return [slice(start, stop) for start, stop in pairwise(edges)]

    return [(rows, columns) for rows in spans(height) for columns in spans(width)]


def split_blocks(
    images: Sequence[Pixels],
    patch: int,
    validation_fraction: float,
    test_fraction: float,
    rng: np.random.Generator,
) -> Parts:
    """Divide every image into blocks and split these, image by image.

    Args:
        images: uint8, (height, width, 3), of any size.
        patch: Side of the patches to be cut later; a block is about `BLOCK_SIDE` of them wide.
        validation_fraction: Share of every image's blocks for validation.
        test_fraction: Share of every image's blocks for the test.
        rng: Shuffles them.

    Returns:
        The blocks of training, validation and test, as views into the images.
    """
    parts: tuple[list[Pixels], list[Pixels], list[Pixels]] = ([], [], [])
    for image in images:
        blocks = blocks_of(image.shape[0], image.shape[1], BLOCK_SIDE * patch)
        indices_of = split_indices(len(blocks), validation_fraction, test_fraction, rng)
        for part, indices in zip(parts, indices_of, strict=True):
            part.extend(image[blocks[index]] for index in indices)
    return parts


def part_sizes(
    patches: int, validation_fraction: float, test_fraction: float
) -> tuple[int, int, int]:
    """Numbers of training, validation and test patches, at least one each.

    Args:
        patches: Patches in all parts together.
        validation_fraction: Share for validation.
        test_fraction: Share for the test.

    Example:
        >>> part_sizes(25_000, 0.1, 0.1)
        (20000, 2500, 2500)
    """
    validation = max(1, round(patches * validation_fraction))
    test = max(1, round(patches * test_fraction))
    return max(1, patches - validation - test), validation, test


def cut_parts(
    parts: Parts, sizes: tuple[int, int, int], patch: int, rng: np.random.Generator
) -> list[Pixels]:
    """Cut the patches of all parts; about half of those for training are mirrored.

    Args:
        parts: The pieces of training, validation and test.
        sizes: The numbers of patches wanted. Small pieces may give fewer; the other parts
            shrink with the training part.
        patch: Side of a patch in pixels.
        rng: Chooses the places, and which patches are mirrored.

    Returns:
        uint8, (patches, patch, patch, 3), of training, validation and test.
    """
    train, *others = (
        _cut_patches(pieces, size, patch, rng, mirror=index == 0)
        for index, (pieces, size) in enumerate(zip(parts, sizes, strict=True))
    )
    # If small images give fewer training patches than wanted, the others shrink with them.
    share = len(train) / sizes[0]
    return [
        train,
        *(cut[: math.ceil(size * share)] for cut, size in zip(others, sizes[1:], strict=True)),
    ]


def _cut_patches(
    pieces: Sequence[Pixels], count: int, patch: int, rng: np.random.Generator, *, mirror: bool
) -> Pixels:
    """Cut at most `count` patches, no position twice, in random order."""
    views: list[Pixels] = []
    whole: list[bool] = []  # views that are cut side by side, as they are
    for piece in pieces:
        is_small = min(piece.shape[:2]) < 2 * patch
        scaled = [piece] if is_small else _scaled(piece, patch)
        views += scaled
        whole += [is_small] * len(scaled)
    # Every view offers about twice its share, in case others have little to offer.
    share = math.ceil(2 * count / len(views))
    positions = np.concatenate(
        [
            np.insert(_positions(view, patch, share, rng, side_by_side=small), 0, index, axis=1)
            for index, (view, small) in enumerate(zip(views, whole, strict=True))
        ]
    )  # (n, 3): view, top, left
    positions = rng.permutation(positions)[:count]
    patches = np.empty((len(positions), patch, patch, 3), np.uint8)
    for index, (view, top, left) in enumerate(positions):
        patches[index] = views[view][top : top + patch, left : left + patch]
    if mirror:
        mirrored = (rng.random(len(patches)) < 0.5) & ~np.array(whole)[positions[:, 0]]
        patches[mirrored] = patches[mirrored, :, ::-1]
    return patches


def _scaled(piece: Pixels, patch: int) -> list[Pixels]:
    """Return the piece at every scale at which a patch still fits."""
    exact = piece.astype(np.float32) / 255
    sizes = [tuple(round(side * scale) for side in piece.shape[:2]) for scale in SCALES]
    return [
        piece if size == piece.shape[:2] else to_uint8(resize(exact, *size))
        for size in sizes
        if min(size) >= patch
    ]


def _positions(
    view: Pixels, patch: int, count: int, rng: np.random.Generator, *, side_by_side: bool
) -> NDArray[np.intp]:
    """Choose at most `count` places (top, left) to cut a patch, few of them nearly flat."""
    height, width = view.shape[:2]
    if side_by_side:
        tops = np.arange(height % patch // 2, height - patch + 1, patch)
        lefts = np.arange(width % patch // 2, width - patch + 1, patch)
        grid = np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2)
        return rng.permutation(grid)[:count]
    std = _patch_std(view, patch)
    eligible = np.flatnonzero((std >= FLAT_STD) | (rng.random(std.shape) < FLAT_KEPT))
    # A view that is mostly flat offers less than its share, else flat blocks would fill up.
    offered = min(math.ceil(count * len(eligible) / std.size), len(eligible))
    chosen = rng.choice(eligible, offered, replace=False)
    return np.stack(np.unravel_index(chosen, std.shape), axis=-1)


def _patch_std(view: Pixels, patch: int) -> NDArray[np.float64]:
    """Return the standard deviation of the grey values of the patch at every position."""

    def box_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        # Sums over all patches at once, from sums over rectangles that start at the corner.
        corner = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        total = (
            corner[patch:, patch:]
            - corner[:-patch, patch:]
            - corner[patch:, :-patch]
            + corner[:-patch, :-patch]
        )
        return total / patch**2

    grey = view.mean(axis=2)
    variance = box_mean(grey**2) - box_mean(grey) ** 2
    return np.sqrt(np.maximum(variance, 0))  # rounding may leave it a little below 0
