"""How good guessed colours are: figures on float32 pictures in [0, 1]."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cae_core.metrics import psnr, ssim_of


def ciede2000_map(picture: np.ndarray, original: np.ndarray) -> np.ndarray:
    """The colour difference of every pixel; about 1 is just noticeable.

    Args:
        picture: (H, W, 3) in [0, 1].
        original: The same shape.

    Returns:
        (H, W) float64.

    Source: Sharma, Wu & Dalal, "The CIEDE2000 color-difference formula", 2005.

    Example:
        >>> ciede2000_map(np.ones((1, 1, 3)), np.zeros((1, 1, 3))).round(2)
        array([[100.]])
    """
    from skimage.color import deltaE_ciede2000, rgb2lab

    return deltaE_ciede2000(rgb2lab(picture), rgb2lab(original))


def chroma_difference(picture: np.ndarray, original: np.ndarray) -> float:
    """Mean squared distance in the a*b* plane.

    Example:
        >>> chroma_difference(np.ones((2, 2, 3)), np.zeros((2, 2, 3))) < 1e-3
        True
    """
    from skimage.color import rgb2lab

    difference = rgb2lab(picture)[..., 1:] - rgb2lab(original)[..., 1:]
    return float(np.square(difference).sum(axis=-1).mean())


def colorfulness(picture: np.ndarray) -> float:
    """How colourful a picture looks; 0 is grey, 33 moderately, 82 highly colourful.

    Args:
        picture: (H, W, 3) in [0, 1].

    Source: Hasler & Suesstrunk, "Measuring colorfulness in natural images", 2003.

    Example:
        >>> colorfulness(np.full((4, 4, 3), 0.5))
        0.0
    """
    red, green, blue = np.moveaxis(255.0 * np.asarray(picture, np.float64), -1, 0)
    first, second = red - green, (red + green) / 2 - blue
    spread = np.hypot(first.std(), second.std())
    distance = np.hypot(first.mean(), second.mean())
    return float(spread + 0.3 * distance)


def color_figures(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
    """Figures of a set of recoloured pictures.

    Args:
        pairs: Recoloured picture and original, (H, W, 3) in [0, 1].

    Returns:
        ``psnr`` in dB, ``ssim`` and ``ciede2000`` as means over the pictures; ``ab_rmse``, root
        of the mean squared distance in the a*b* plane; ``colorfulness``, that of the pictures
        divided by that of the originals, both means; ``images``, how many they were.

    Example:
        >>> picture = np.random.default_rng(0).random((16, 16, 3))
        >>> figures = color_figures([(picture, picture)])
        >>> figures["ssim"], figures["ciede2000"], figures["colorfulness"]
        (1.0, 0.0, 1.0)
    """
    rows = [
        (
            min(psnr(picture, original), 100.0),
            ssim_of(picture, original),
            ciede2000_map(picture, original).mean(),
            chroma_difference(picture, original),
            colorfulness(picture),
            colorfulness(original),
        )
        for picture, original in pairs
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
