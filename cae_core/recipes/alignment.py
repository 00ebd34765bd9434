"""The mean of many shots of a scene beside one of them: brightness and place.

Between the shots the light changed a little, and the camera moved by parts of a pixel. No denoiser
can know either. Importing this module does not import scikit-image; moving an image does.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, shift

DRIFT = 32  # pixels, standard deviation: brightness changes that are wider are no noise
PARTS = 50  # of a pixel, in which a movement is measured


def without_drift(shot: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The mean of many shots with the brightness of one of them.

    Args:
        shot: float32 (H, W, C) in [0, 1].
        mean: Of the same shape.

    Returns:
        An image of the same shape.
    """
    return mean + gaussian_filter(shot - mean, (DRIFT, DRIFT, 0), mode="nearest")


def aligned(shot: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The mean of many shots moved onto one of them, with its brightness.

    The movement is where the phases of both correlate most.

    Args:
        shot: float32 (H, W, C) in [0, 1].
        mean: Of the same shape.

    Returns:
        An image of the same shape.

    Source: Guizar-Sicairos, Thurman & Fienup, "Efficient subpixel image registration algorithms",
    Optics Letters 2008.
    """
    from skimage.registration import phase_cross_correlation

    moved, _, _ = phase_cross_correlation(
        shot.mean(axis=2), mean.mean(axis=2), upsample_factor=PARTS, normalization=None
    )
    there = shift(mean, (*moved, 0), order=3, mode="nearest")
    return without_drift(shot, np.clip(there, 0, 1))
