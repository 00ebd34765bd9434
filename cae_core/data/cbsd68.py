"""CBSD68: the 68 photographs on which colour denoisers are compared, and how that is done.

The photographs are a part of BSDS500 (Martin et al., "A database of human segmented natural
images", ICCV 2001) and do not come with this project.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from cae_core.errors import DatasetError
from cae_core.images.decoding import open_image
from cae_core.images.metrics import psnr

LIST = "cbsd68.txt"
SIGMAS = (15, 25, 50)


def photographs(folder: str | Path) -> list[np.ndarray]:
    """The benchmark's photographs, float32 (H, W, 3) in [0, 1].

    Args:
        folder: BSDS500, with the file ``cbsd68.txt`` that names 68 of its images, a line each,
            by their paths in the folder.

    Raises:
        DatasetError: The list or one of the photographs is not there.
    """
    folder = Path(folder)
    try:
        names = (folder / LIST).read_text().split()
        return [open_image(folder / name) for name in names]
    except OSError as error:
        raise DatasetError(
            f"CBSD68 is a folder with {LIST} and the images that it names. "
            f"Received: {folder} ({error}). Name the folder BSDS500."
        ) from error


def mean_psnr(
    denoise: Callable[[np.ndarray, float], np.ndarray],
    images: Sequence[np.ndarray],
    units: float,
) -> float:
    """PSNR in dB as it is published: the mean over images, each over all its channels.

    Gaussian noise is added in float and neither clipped nor rounded; the output is clipped. The
    noise of an image depends on its place and on the level only, so that methods compare.

    Args:
        denoise: Gets a noisy image and sigma in [0, 1], returns the clean one.
        images: See `photographs`.
        units: Sigma in units of 0-255.

    Example:
        >>> flat = [np.full((64, 64, 3), 0.5, np.float32)]
        >>> round(mean_psnr(lambda noisy, sigma: noisy, flat, 25.5))
        20
    """
    values = []
    for index, clean in enumerate(images):
        random = np.random.default_rng([index, round(units)])
        noise = random.standard_normal(clean.shape, dtype=np.float32)
        noisy = clean + np.float32(units / 255) * noise
        values.append(psnr(np.clip(denoise(noisy, units / 255), 0.0, 1.0), clean))
    return float(np.mean(values))
