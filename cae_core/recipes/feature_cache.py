"""Squares of photographs as a frozen encoder sees them, computed once and kept.

A decoder alone trains on them at many times the speed of the whole network. Importing this module
imports Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from cae_core.files import write_arrays
from cae_core.images.color_ops import lab_from_rgb
from cae_core.recipes.color_photographs import Group, random_square
from cae_core.training.losses import scaled

CHUNK = 512
"""Squares in a file."""


class FeatureCache:
    """Features of squares and the (a*, b*) that a decoder is to find.

    Args:
        folder: A folder that `write_features` filled.

    Attributes:
        features: What the encoder returned for all squares: float16 (N, h, w, c) each.
        ab: float16 (N, H/4, W/4, 2).
    """

    def __init__(self, folder: Path) -> None:
        paths = sorted(folder.glob("squares-*.npz"))
        with np.load(paths[0], allow_pickle=False) as first:
            shapes = {name: first[name].shape[1:] for name in first.files}
        # In one piece from the start: joined afterwards they would need twice the memory.
        arrays = {
            name: np.empty((CHUNK * len(paths), *shape), np.float16)
            for name, shape in shapes.items()
        }
        for number, path in enumerate(paths):
            with np.load(path, allow_pickle=False) as chunk:
                for name, array in arrays.items():
                    array[number * CHUNK : (number + 1) * CHUNK] = chunk[name]
        self.ab = arrays.pop("ab")
        self.features = [arrays[name] for name in sorted(arrays)]


def write_features(
    encoder: keras.Model,
    groups: Sequence[Group],
    folder: Path,
    *,
    count: int,
    side: int,
    seed: int = 0,
) -> None:
    """Writes the features of random squares; files that are there already are kept.

    Args:
        encoder: Model from lightness (B, H, W, 1) in [0, 1] to a list of features.
        groups: The photographs that the squares are cut from.
        folder: The folder of the files.
        count: Number of squares, a multiple of `CHUNK`.
        side: Of a square, in pixels.
        seed: Of everything random.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count // CHUNK):
        path = folder / f"squares-{number:04}.npz"
        if path.exists():
            continue
        random = np.random.default_rng((seed, number))
        squares = np.stack([random_square(groups, side, random) for _ in range(CHUNK)])
        lab = np.asarray(lab_from_rgb(scaled(squares)))
        found = encoder.predict(lab[..., :1] / np.float32(100), batch_size=32, verbose=0)
        arrays = {f"feature_{index}": part.astype(np.float16) for index, part in enumerate(found)}
        cells = lab[..., 1:].reshape(CHUNK, side // 4, 4, side // 4, 4, 2)
        arrays["ab"] = cells.mean(axis=(2, 4)).astype(np.float16)
        write_arrays(path, arrays)


class FeatureBatches(keras.utils.PyDataset):
    """Batches of cached squares in random order, of each some random places.

    An input is the features, the places and the (a*, b*) there; the target is not used.

    Args:
        cache: The squares.
        batch_size: Squares per batch.
        places: Places of a square that count in the loss: their neighbours say much the same, and
            the classes' logits are what costs most.
        seed: Of order and places.
        steps: Batches per epoch; by default as many as there are.
    """

    def __init__(
        self, cache: FeatureCache, batch_size: int, places: int, seed: int, steps: int | None = None
    ) -> None:
        super().__init__()
        self.cache = cache
        self.batch_size = batch_size
        self.places = places
        self.random = np.random.default_rng(seed)
        self.steps = steps or len(cache.ab) // batch_size
        self.order = np.empty(0, int)

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
        while len(self.order) < self.batch_size:
            self.order = np.append(self.order, self.random.permutation(len(self.cache.ab)))
        chosen, self.order = np.split(self.order, [self.batch_size])
        return batch_of(self.cache, np.sort(chosen), self.places, self.random), chosen


def batch_of(
    cache: FeatureCache, chosen: np.ndarray, places: int, random: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """An input for training: features, places (B, P) and (a*, b*) there, (B, P, 2)."""
    ab = cache.ab[chosen].astype(np.float32)
    ab = ab.reshape(len(ab), -1, 2)
    at = random.integers(ab.shape[1], size=(len(ab), places), dtype=np.int32)
    there = np.take_along_axis(ab, at[..., np.newaxis], axis=1)
    return (*(part[chosen] for part in cache.features), at, there)
