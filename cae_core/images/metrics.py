"""Error figures of images in [0, 1], and how colourful they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

# Wang et al. (2004): pixels of the Gaussian window, and its standard deviation.
SSIM_WINDOW = 11
SSIM_SIGMA = 1.5


def psnr_from_mse(mse: ArrayLike) -> np.ndarray:
    """Peak signal-to-noise ratio in dB of a mean squared error on [0, 1] images.

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
    """PSNR in dB between two images of one shape in [0, 1], over all channels.

    Example:
        >>> psnr(np.zeros((4, 4, 3)), np.full((4, 4, 3), 0.1))
        20.0
    """
    difference = np.asarray(image, dtype=np.float64) - np.asarray(reference, dtype=np.float64)
    return float(np.round(psnr_from_mse(np.mean(difference**2)), 10))


def ssim_of(image: np.ndarray, reference: np.ndarray) -> float:
    """SSIM between two images (H, W) or (H, W, C), clipped to [0, 1].

    The same definition as `ssim`, many times faster on a photograph.

    Example:
        >>> ssim_of(np.ones((16, 16, 3)), np.ones((16, 16, 3)))
        1.0
    """
    pair = [np.atleast_3d(np.clip(one, 0.0, 1.0).astype(np.float32)) for one in (image, reference)]
    if min(pair[0].shape[:2]) < SSIM_WINDOW:
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


def ssim(images: Any, references: Any) -> Any:
    """Structural similarity of every image, the mean over channels and window positions.

    Gaussian window of 11 pixels and sigma 1.5 (smaller on smaller images), constants 0.01 and
    0.03, data range 1, windows inside the image only. Source: Wang, Bovik, Sheikh &
    Simoncelli, "Image quality assessment: from error visibility to structural similarity",
    IEEE TIP 2004.

    Args:
        images: Tensor (B, H, W, C) in [0, 1].
        references: Tensor of the same shape.

    Returns:
        Tensor (B,), 1 where the images are equal.

    Example:
        >>> images = np.ones((2, 16, 16, 3), "float32")
        >>> [float(x) for x in ssim(images, images)]
        [1.0, 1.0]
    """
    from keras import ops

    height, width, channels = images.shape[1:]
    window = min(SSIM_WINDOW, height - (height + 1) % 2, width - (width + 1) % 2)
    offsets = np.arange(window) - window // 2
    bell = np.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    bell /= bell.sum()
    # A Gaussian is the product of one along the columns and one along the rows.
    # (window,) -> (window, 1, 5C, 1) and (1, window, 5C, 1)
    along = np.repeat(bell[:, None, None, None], 5 * channels, axis=2).astype(np.float32)
    squares = [ops.square(images), ops.square(references), images * references]
    # All local means at once: a depthwise convolution is faster over more channels.
    # (B, H, W, 5C) -> (B, H - window + 1, W - window + 1, 5C)
    means = ops.concatenate([images, references, *squares], axis=-1)
    for kernel in (along, along.transpose(1, 0, 2, 3)):
        means = ops.depthwise_conv(means, kernel, padding="valid", data_format="channels_last")
    mean_x, mean_y, mean_xx, mean_yy, mean_xy = ops.split(means, 5, axis=-1)
    variance_x = mean_xx - ops.square(mean_x)
    variance_y = mean_yy - ops.square(mean_y)
    covariance = mean_xy - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    similarity = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (ops.square(mean_x) + ops.square(mean_y) + c1) * (variance_x + variance_y + c2)
    )
    return ops.mean(similarity, axis=(1, 2, 3))


def ciede2000_map(image: np.ndarray, original: np.ndarray) -> np.ndarray:
    """The colour difference of every pixel; about 1 is just noticeable.

    Args:
        image: (H, W, 3) in [0, 1].
        original: The same shape.

    Returns:
        (H, W) float64.

    Source: Sharma, Wu & Dalal, "The CIEDE2000 color-difference formula", 2005.

    Example:
        >>> ciede2000_map(np.ones((1, 1, 3)), np.zeros((1, 1, 3))).round(2)
        array([[100.]])
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    return deltaE_ciede2000(rgb2lab(image), rgb2lab(original))


def ab_difference(image: np.ndarray, original: np.ndarray) -> float:
    """Mean squared distance in the a*b* plane.

    Example:
        >>> ab_difference(np.ones((2, 2, 3)), np.zeros((2, 2, 3))) < 1e-3
        True
    """
    from skimage.color import rgb2lab

    difference = rgb2lab(image)[..., 1:] - rgb2lab(original)[..., 1:]
    return float(np.square(difference).sum(axis=-1).mean())


def colorfulness(image: np.ndarray) -> float:
    """Colourfulness of an image; 0 is grey, 33 moderately, 82 highly colourful.

    Args:
        image: (H, W, 3) in [0, 1].

    Source: Hasler & Suesstrunk, "Measuring colorfulness in natural images", 2003.

    Example:
        >>> colorfulness(np.full((4, 4, 3), 0.5))
        0.0
    """
    red, green, blue = np.moveaxis(255.0 * np.asarray(image, np.float64), -1, 0)
    first, second = red - green, (red + green) / 2 - blue
    spread = np.hypot(first.std(), second.std())
    distance = np.hypot(first.mean(), second.mean())
    return float(spread + 0.3 * distance)


def color_figures(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Figures of a set of recoloured images.

    Args:
        pairs: Recoloured image and original, (H, W, 3) in [0, 1].

    Returns:
        ``psnr`` in dB, ``ssim`` and ``ciede2000`` as means over the images; ``ab_rmse``, root
        of the mean squared distance in the a*b* plane; ``colorfulness``, that of the images
        divided by that of the originals, both means; ``images``, how many they were.

    Example:
        >>> image = np.random.default_rng(0).random((16, 16, 3))
        >>> figures = color_figures([(image, image)])
        >>> figures["ssim"], figures["ciede2000"], figures["colorfulness"]
        (1.0, 0.0, 1.0)
    """
    rows = [
        (
            min(psnr(image, original), 100.0),
            ssim_of(image, original),
            ciede2000_map(image, original).mean(),
            ab_difference(image, original),
            colorfulness(image),
            colorfulness(original),
        )
        for image, original in pairs
    ]
    peak, similarity, difference, distance, colour, original_colour = np.mean(rows, axis=0)
    return {
        "psnr": round(float(peak), 2),
        "ssim": round(float(similarity), 4),
        "ab_rmse": round(float(np.sqrt(distance)), 2),
        "ciede2000": round(float(difference), 2),
        "colorfulness": round(float(colour / original_colour), 3),
        "images": len(rows),
    }
