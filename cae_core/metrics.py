"""How good a picture is: error figures on float32 images in [0, 1]."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

# Wang et al. (2004): pixels of the Gaussian window, and its standard deviation.
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5


def psnr_from_mse(mse: ArrayLike) -> np.ndarray:
    """Peak signal-to-noise ratio in dB of a mean squared error on [0, 1] pictures.

    Args:
        mse: Mean squared errors, at least 0; any shape.

    Returns:
        ``10 · log10(1 / mse)``, infinite where the error is 0.

    Example:
        >>> psnr_from_mse(np.array([0.01, 0.0]))
        array([20., inf])
    """
    with np.errstate(divide="ignore"):
        return -10.0 * np.log10(np.asarray(mse, dtype=np.float64))


def psnr(image: np.ndarray, reference: np.ndarray) -> float:
    """PSNR in dB between two pictures of one shape in [0, 1], over all channels.

    Example:
        >>> psnr(np.zeros((4, 4, 3)), np.full((4, 4, 3), 0.1))
        20.0
    """
    difference = np.asarray(image, dtype=np.float64) - np.asarray(reference, dtype=np.float64)
    return float(np.round(psnr_from_mse(np.mean(difference**2)), 10))


def ssim_of(image: np.ndarray, reference: np.ndarray) -> float:
    """SSIM between two pictures (H, W, C) in [0, 1], what lies outside cut off.

    The same definition as `cae_core.losses.ssim`, many times faster on a photograph.

    Example:
        >>> ssim_of(np.ones((16, 16, 3)), np.ones((16, 16, 3)))
        1.0
    """
    pair = [np.clip(picture, 0.0, 1.0).astype(np.float32) for picture in (image, reference)]
    if min(pair[0].shape[:2]) < SSIM_WINDOW:
        from cae_core.losses import ssim

        return float(ssim(pair[0][np.newaxis], pair[1][np.newaxis])[0])
    from skimage.metrics import structural_similarity

    return float(
        structural_similarity(
            *pair,
            data_range=1.0,
            channel_axis=2,
            gaussian_weights=True,
            sigma=SSIM_SIGMA,
            use_sample_covariance=False,
        )
    )
