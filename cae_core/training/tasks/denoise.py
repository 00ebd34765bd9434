"""Noise in, the clean image out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cae_core.errors import TrainingError
from cae_core.training.tasks.base import Task, TaskScript, register_task


@register_task
@dataclass(frozen=True)
class Denoise(Task):
    """The image with Gaussian noise as input, the clean image as target.

    Args:
        sigma: Standard deviation of the noise in [0, 1] units (25 of 255 is 0.098), from 0
            to 1; or a pair (low, high) from which one is drawn per image.
        clip: True cuts the noisy image to [0, 1]. Published figures are without clipping.

    Raises:
        TrainingError: For a sigma outside 0 to 1, or a pair in the wrong order.

    Example:
        >>> Denoise(sigma=0.3)
        Denoise(sigma=0.3, clip=False)
    """

    name: ClassVar[str] = "denoise"
    title: ClassVar[str] = "Remove noise"
    summary: ClassVar[str] = "noise in, the clean image out"
    sigma: float | tuple[float, float] = 0.1
    clip: bool = False

    def __post_init__(self) -> None:
        try:
            low, high = self.sigma_range
        except (TypeError, ValueError):  # not a number, or not two of them
            low = high = math.nan
        if not (math.isfinite(low) and math.isfinite(high) and 0 <= low <= high <= 1):
            raise TrainingError(
                "Sigma is a standard deviation from 0 to 1 for images in [0, 1], or a pair "
                f"(low, high). Received: sigma={self.sigma!r}. "
                "Divide a value in 0-255 units by 255."
            )

    @property
    def input_caption(self) -> str:
        """Caption with the noise in 0-255 units."""
        low, high = (round(255 * sigma) for sigma in self.sigma_range)
        sigma = f"{low}" if low == high else f"{low} to {high}"
        return f"With noise of sigma {sigma} of 255"

    @property
    def sigma_range(self) -> tuple[float, float]:
        """Lowest and highest sigma; equal where it is fixed."""
        if isinstance(self.sigma, tuple | list):
            low, high = self.sigma
            return float(low), float(high)
        return float(self.sigma), float(self.sigma)

    @property
    def _fixed_or_range(self) -> float | tuple[float, float]:
        """The sigma as `noisy` takes it."""
        low, high = self.sigma_range
        return low if low == high else (low, high)

    def corrupt(self, images: Any, seed: Any) -> Any:
        """The images with noise."""
        return noisy(images, self._fixed_or_range, seed, self.clip)

    def add_noise(self, image: np.ndarray, *, seed: int) -> np.ndarray:
        """Adds the noise to one array, with NumPy, at the largest sigma.

        Args:
            image: float32 in [0, 1], any shape.
            seed: Seed of the noise.

        Returns:
            float32 of the same shape; outside [0, 1] in places unless `clip` is set.

        Example:
            >>> float(Denoise(sigma=0.0).add_noise(np.ones(1, np.float32), seed=0)[0])
            1.0
        """
        noise = np.random.default_rng(seed).standard_normal(image.shape, dtype=np.float32)
        noisy = image + np.float32(self.sigma_range[1]) * noise
        return np.clip(noisy, 0.0, 1.0) if self.clip else noisy

    def script(self) -> TaskScript:
        """`noisy`, its sigma a constant."""
        sigma = self._fixed_or_range
        lowest = "lowest and highest " if isinstance(sigma, tuple) else ""
        return TaskScript(
            input=f"noisy(images, SIGMA, seed{', clip=True' if self.clip else ''})",
            constants=f"SIGMA = {sigma}  # {lowest}standard deviation of the noise, for images in "
            "[0, 1]",
        )

    @property
    def label(self) -> str:
        """The name in the app with the settings.

        Example:
            >>> Denoise(0.1).label, Denoise((0.0, 0.2), clip=True).label
            ('Remove noise, sigma 0.1', 'Remove noise, sigma 0-0.2, clipped')
        """
        return f"{self.title}, sigma {self._said_sigma()}{', clipped' if self.clip else ''}"

    def _said_sigma(self) -> str:
        """Sigma, or its range."""
        low, high = self.sigma_range
        return f"{low:.3g}" if low == high else f"{low:.3g}-{high:.3g}"

    def __str__(self) -> str:
        return f"{self.name} sigma {self._said_sigma()}{' clipped' if self.clip else ''}"


# What the method does, as a function that the generated script takes over


def noisy(images: Any, sigma: float | tuple[float, float], seed: Any, clip: bool = False) -> Any:
    """Adds Gaussian noise to images.

    Args:
        images: float32 (B, H, W, C).
        sigma: Standard deviation, or a pair (low, high) from which one is drawn per image.
        seed: An integer or a `keras.random.SeedGenerator`.
        clip: True cuts the noisy images to [0, 1].
    """
    import keras
    from keras import ops

    noise = keras.random.normal(ops.shape(images), seed=seed)
    deviation: Any = sigma
    if isinstance(sigma, tuple):
        # One for each image: (B, 1, 1, 1) broadcasts over (B, H, W, C).
        deviation = keras.random.uniform((ops.shape(images)[0], 1, 1, 1), *sigma, seed=seed)
    output = images + deviation * noise
    return ops.clip(output, 0.0, 1.0) if clip else output
