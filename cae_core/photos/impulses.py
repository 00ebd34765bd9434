"""Salt and pepper off an image: medians of neighbours, no network."""

from __future__ import annotations

import numpy as np

from cae_core.images.operations import as_image
from cae_core.photos.apply import with_channels_of

_LARGEST_RADIUS = 5
HITS_AT_ONCE = 100_000


def median_filter(image: np.ndarray) -> np.ndarray:
    """The median of 3x3 pixels at every place, of each channel alone.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3); uint8, or float in [0, 1].

    Returns:
        float32 in [0, 1], of the image's shape.

    Raises:
        ImageError: Not such an image.

    Example:
        >>> spot = np.zeros((5, 5), np.float32)
        >>> spot[2, 2] = 1
        >>> float(median_filter(spot).max())
        0.0
    """
    from scipy.ndimage import median_filter as filtered

    photo = as_image(image)
    return with_channels_of(filtered(photo, (3, 3, 1), mode="mirror"), np.shape(image))


def remove_salt_and_pepper(image: np.ndarray, *, overwrite: bool = False) -> np.ndarray:
    """Replaces black and white pixels by the median of those around them that are neither.

    Of 3x3 pixels, or of as many more as it takes to find such ones, up to 11x11. All others stay as
    they are; so does a black or white area.

    Args:
        image: As `median_filter`; a hit pixel is 0, or 1, in all channels.
        overwrite: Lets the result take the memory of the image, where that is float32 (H, W, 3).

    Returns:
        float32 in [0, 1], of the image's shape.

    Raises:
        ImageError: Not such an image.

    Source: Srinivasan & Ebenezer, "A New Fast and Efficient Decision-Based Algorithm for Removal
    of High-Density Impulse Noises", IEEE Signal Processing Letters 2007, whose window grows here.

    Example:
        >>> grey = np.full((5, 5), 0.25, np.float32)
        >>> hit = grey.copy()
        >>> hit[2, 2] = 1
        >>> bool((remove_salt_and_pepper(hit) == grey).all())
        True
    """
    photo = as_image(image)
    is_hit = (photo == 0).all(axis=2) | (photo == 1).all(axis=2)
    result = photo if overwrite else photo.copy()  # only intact pixels are read
    rows, columns = np.nonzero(is_hit)
    for start in range(0, len(rows), HITS_AT_ONCE):
        part = slice(start, start + HITS_AT_ONCE)
        _fill(result, is_hit, rows[part], columns[part])
    return with_channels_of(result, np.shape(image))


def _fill(result: np.ndarray, is_hit: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> None:
    """Writes the medians at some places."""
    height, width = is_hit.shape
    for radius in range(1, _LARGEST_RADIUS + 1):
        if not len(rows):
            return
        steps = np.arange(-radius, radius + 1)
        # (N,) -> (N, window, window)
        near_rows = np.clip(rows[:, None, None] + steps[:, None], 0, height - 1)
        near_columns = np.clip(columns[:, None, None] + steps, 0, width - 1)
        intact = ~is_hit[near_rows, near_columns]
        found = intact.any(axis=(1, 2))
        values = result[near_rows[found], near_columns[found]]  # (N', window, window, C)
        values[~intact[found]] = np.nan
        result[rows[found], columns[found]] = np.nanmedian(values, axis=(1, 2))
        rows, columns = rows[~found], columns[~found]
