"""Denoisers that were never trained, as a reference that a network has to beat.

Each takes sigma and computes its other parameters by a formula. The formulas were fitted to the
best PSNR on twelve photographs of BSDS500's training part, at sigma 5 to 100 of 255.
"""

from __future__ import annotations

import numpy as np

from cae_core.errors import CAEError
from cae_core.images.operations import as_image

CLASSICAL = ("tv", "nlm", "wavelet")

_SMALLEST_SIDE = 16


def denoise_classical(image: np.ndarray, sigma: float, method: str) -> np.ndarray:
    """Take white Gaussian noise of a known strength off an image, without a network.

    ``"tv"`` is total variation (scikit-image's denoise_tv_chambolle): flat patches with sharp
    edges. ``"nlm"`` is non-local means (denoise_nl_means, fast mode): pixels are averaged over
    places that look alike. ``"wavelet"`` is BayesShrink (denoise_wavelet): coefficients of a
    Daubechies-2 transform are shrunk, in YCbCr where there is colour.

    Args:
        image: Height × width, × 1 or × 3; uint8, or float on the scale of [0, 1], which noise may
            leave. Any size from 1 × 1.
        sigma: Standard deviation of the noise on the scale of [0, 1]; 0 returns the image.
        method: One of `CLASSICAL`.

    Returns:
        float32 of the input's shape, clipped to [0, 1].

    Raises:
        CAEError: Not such an image, no such method, or a sigma that is no number from 0 to 10.

    Source: Chambolle, "An algorithm for total variation minimization and applications", JMIV
    2004; Buades, Coll & Morel, "A non-local algorithm for image denoising", CVPR 2005; Chang, Yu
    & Vetterli, "Adaptive wavelet thresholding for image denoising and compression", TIP 2000.

    Example:
        >>> flat = np.full((32, 32), 0.5)
        >>> noisy = flat + np.random.default_rng(0).normal(0, 0.1, flat.shape)
        >>> float(np.abs(denoise_classical(noisy, 0.1, "tv") - flat).mean()) < 0.02
        True
    """
    if method not in CLASSICAL:
        raise CAEError(
            f"A classical denoiser is one of {', '.join(CLASSICAL)}. Received: {method!r}. "
            "Choose one of them."
        )
    is_number = isinstance(sigma, int | float | np.number) and not isinstance(sigma, bool)
    if not is_number or not 0 <= sigma <= 10:  # also refuses NaN
        raise CAEError(
            f"Sigma must be a number from 0 to 10, where white is 1. Received: {sigma!r}. "
            "Divide by 255 what is on the scale of bytes."
        )
    noisy = as_image(image, unclipped=True)
    shape = np.shape(image)
    if len(shape) == 2 or shape[2] == 1:
        noisy = noisy[:, :, :1]
    if sigma > 0:
        denoise = {"tv": _total_variation, "nlm": _non_local_means, "wavelet": _wavelet}[method]
        noisy = denoise(noisy, float(sigma))
    return np.clip(noisy, 0, 1).astype(np.float32).reshape(shape)


def _total_variation(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """H×W×C -> H×W×C."""
    from skimage.restoration import denoise_tv_chambolle

    # Best were 0.4, 0.6, 0.7, 0.9, 1.0 times sigma at sigma 5, 15, 25, 50, 100 of 255, the same
    # in grey and in colour: 1.25 times its fourth root. scikit-image's own eps stops too early.
    weight = 1.25 * sigma**1.25
    return denoise_tv_chambolle(noisy, weight, eps=1e-5, max_num_iter=100, channel_axis=-1)


def _non_local_means(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """H×W×C -> H×W×C."""
    from skimage.restoration import denoise_nl_means

    # Best, and within 0.2 dB at all levels, were 0.5 times sigma in colour and 0.65 in grey; a
    # distance of 10 instead of 6 gains nothing. Little noise is worth finer patches.
    return denoise_nl_means(
        noisy,
        patch_size=3 if sigma < 0.08 else 5,
        patch_distance=6,
        h=(0.5 if noisy.shape[2] == 3 else 0.65) * sigma,
        sigma=sigma,
        fast_mode=True,
        channel_axis=-1,
    )


def _wavelet(noisy: np.ndarray, sigma: float) -> np.ndarray:
    """H×W×C -> H×W×C."""
    from skimage.restoration import denoise_wavelet

    height, width, channels = noisy.shape
    # An image must hold the transform's filters once.
    below, right = (max(0, _SMALLEST_SIDE - side) for side in (height, width))
    padded = np.pad(noisy, ((0, below), (0, right), (0, 0)), mode="symmetric")
    # Of Haar, db2 and sym4, and of sigma times 1, 1.3, 1.6 and 2, these did best together.
    denoised = denoise_wavelet(
        padded,
        sigma=sigma,
        wavelet="db2",
        method="BayesShrink",
        mode="soft",
        convert2ycbcr=channels == 3,
        channel_axis=-1,
        rescale_sigma=True,
    )
    return denoised[:height, :width]
