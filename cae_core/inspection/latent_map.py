"""The latents of many images as points of a plane, and random latents.

The plane is that of the first two principal components; where a latent has two numbers only, it is
the latent itself. Every point of the plane is a latent again, which a decoder makes an image of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class LatentMap:
    """Latents of N images on a plane.

    Attributes:
        latents: float32 (N, ...), as the encoder gives them.
        points: float32 (N, 2), their places on the plane.
        center: float32 (n,), the latent at the plane's origin, its numbers in a row.
        axes: float32 (2, n), the directions of the plane's axes, of length 1.
        explained: Share of the latents' variance that the plane has, 0 to 1.
    """

    latents: np.ndarray
    points: np.ndarray
    center: np.ndarray
    axes: np.ndarray
    explained: float

    @classmethod
    def of(cls, latents: np.ndarray) -> LatentMap:
        """The map of some latents, (N, ...) of at least two images.

        Example:
            >>> line = np.outer(np.arange(5), [3, 0, 4]).astype(np.float32)
            >>> found = LatentMap.of(line)
            >>> found.points[:, 0].round().tolist(), round(found.explained, 3)
            ([-10.0, -5.0, 0.0, 5.0, 10.0], 1.0)
        """
        rows = latents.reshape(len(latents), -1)
        if rows.shape[1] == 2:
            center, axes = np.zeros(2, np.float32), np.eye(2, dtype=np.float32)
            return cls(latents, rows.copy(), center, axes, 1.0)
        center = rows.mean(axis=0)
        centred = rows - center
        axes = _turned(_principal_axes(centred))
        points = centred @ axes.T
        total = float(np.square(centred).sum(dtype=np.float64))
        share = float(np.square(points).sum(dtype=np.float64)) / total if total else 1.0
        return cls(latents, points, center, axes, share)

    @property
    def is_latent(self) -> bool:
        """Whether the plane is the latent itself, and not a part of it."""
        return self.latents[0].size == 2

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest coordinates of a part of the plane with all points, (2,)."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        margin = np.maximum(0.04 * (high - low), 1e-3)
        return low - margin, high + margin

    def latents_at(self, places: np.ndarray) -> np.ndarray:
        """The latents at places of the plane: (M, 2) -> (M, ...)."""
        rows = self.center + places.astype(np.float32) @ self.axes
        return rows.reshape(len(places), *self.latents.shape[1:])

    def places_of(self, latents: np.ndarray) -> np.ndarray:
        """Where latents lie on the plane, also those of images that are not on it.

        Args:
            latents: (N, h, w, c) or (N, n).

        Returns:
            (N, 2).

        Example:
            >>> found = LatentMap.of(np.random.default_rng(0).random((5, 4), np.float32))
            >>> np.allclose(found.places_of(found.latents), found.points, atol=1e-5)
            True
        """
        return (latents.reshape(len(latents), -1) - self.center) @ self.axes.T

    def grid(self, columns: int) -> tuple[np.ndarray, int]:
        """Places in rows over the map's bounds, the upper row first, as an image is read.

        Args:
            columns: Places in a row.

        Returns:
            The places, float32 (rows · columns, 2), and the number of rows: a step up is as long
            as a step to the right, but there are half to twice as many rows as columns.
        """
        low, high = self.bounds
        width, height = high - low
        rows = int(np.clip(round(columns * height / width), columns // 2, 2 * columns))
        # Every place is the middle of its cell.
        x = low[0] + width * (np.arange(columns) + 0.5) / columns
        y = high[1] - height * (np.arange(rows) + 0.5) / rows
        return np.stack([each.ravel() for each in np.meshgrid(x, y)], axis=1), rows

    def neighbors(self, latent: np.ndarray, count: int) -> np.ndarray:
        """The images whose latents are nearest to a latent, in all of its numbers.

        Args:
            latent: (...), the shape of one latent.
            count: Images at most.

        Returns:
            Their numbers, the nearest first.
        """
        axes = tuple(range(1, self.latents.ndim))
        distances = np.square(self.latents - latent).sum(axis=axes)
        return np.argsort(distances, kind="stable")[:count]

    def spread(self, count: int, distance: float) -> np.ndarray:
        """Images whose points lie apart, for thumbnails that cover each other little.

        Args:
            count: Images at most.
            distance: Least distance of two points along one of the axes, as share of the bounds.

        Returns:
            Their numbers, in the order of the images.
        """
        low, high = self.bounds
        places = (self.points - low) / (high - low)
        chosen: list[int] = []
        for number, place in enumerate(places):
            gaps = np.abs(places[chosen] - place).max(axis=1) if chosen else np.ones(1)
            if gaps.min() >= distance:
                chosen.append(number)
            if len(chosen) == count:
                break
        return np.array(chosen)


def _principal_axes(centred: np.ndarray) -> np.ndarray:
    """The two directions of greatest variance of centred rows (N, n), as rows (2, n)."""
    count, size = centred.shape
    # Of the two products of the rows with themselves the smaller one is decomposed.
    if size <= count:
        return np.linalg.eigh(centred.T @ centred)[1][:, :-3:-1].T
    vectors = np.linalg.eigh(centred @ centred.T)[1][:, :-3:-1]
    axes = vectors.T @ centred
    lengths = np.linalg.norm(axes, axis=1, keepdims=True)
    return axes / np.maximum(lengths, 1e-12)


def _turned(axes: np.ndarray) -> np.ndarray:
    """Directions (2, n) with their largest numbers positive: a decomposition leaves signs open."""
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    return axes * np.where(largest < 0, -1, 1).astype(axes.dtype)[:, np.newaxis]


def normal_latents(shape: tuple[int, ...], count: int, seed: int) -> np.ndarray:
    """Latents drawn from N(0, I), as a variational network's are meant to be.

    Args:
        shape: Shape of one latent.
        count: Latents to draw.
        seed: Seed of the draw.

    Example:
        >>> normal_latents((2,), 3, seed=0).shape
        (3, 2)
    """
    draws = np.random.default_rng(seed).standard_normal((count, *shape), dtype=np.float32)
    return np.asarray(draws)


def fitted_latents(latents: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Latents drawn from the normal distribution that has the mean and covariance of some others.

    Args:
        latents: float32 (N, ...), of at least two images.
        count: Latents to draw.
        seed: Seed of the draw.

    Returns:
        float32 (count, ...).

    Example:
        >>> latents = np.array([[0.0, 5.0], [2.0, 5.0]], np.float32)
        >>> fitted_latents(latents, 4, seed=0)[:, 1].tolist()
        [5.0, 5.0, 5.0, 5.0]
    """
    rows = latents.reshape(len(latents), -1)
    center = rows.mean(axis=0)
    # A random mixture of the deviations from the mean: its covariance is theirs.
    weights = np.random.default_rng(seed).standard_normal((count, len(rows)), dtype=np.float32)
    drawn = center + weights @ (rows - center) / np.float32(math.sqrt(len(rows) - 1))
    return np.asarray(drawn.reshape(count, *latents.shape[1:]), np.float32)
