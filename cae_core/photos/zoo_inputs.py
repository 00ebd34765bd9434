"""What a network of the zoo takes in when it works on an image.

Importing this module does not import Keras.
"""

from __future__ import annotations

import numpy as np

from cae_core import zoo
from cae_core.images.color import lightness_of
from cae_core.training.tasks import Denoise

NOISE = 25 / 255  # sigma of the noise that denoisers are shown
_DENOISERS = (zoo.PHOTO_DENOISER, zoo.CAMERA_DENOISER)


def network_inputs(name: str, image: np.ndarray) -> list[np.ndarray]:
    """The inputs of a network for one image: noisy for a denoiser, grey for a colorizer.

    Args:
        name: One of `cae_core.zoo.names`.
        image: uint8 (H, W, C), both sides multiples of 32 for a photo network.

    Returns:
        float32 (1, H, W, ...) each; the first is an image in [0, 1], but for its noise.

    Example:
        >>> image = np.zeros((32, 64, 3), np.uint8)
        >>> [each.shape for each in network_inputs("photo-denoiser", image)]
        [(1, 32, 64, 3), (1, 32, 64, 1)]
    """
    known = zoo.card(name).network
    scaled = (image / np.float32(255))[np.newaxis]
    if known in zoo.AB_NETWORKS:
        return [(lightness_of(scaled[0]) / 100)[np.newaxis, ..., np.newaxis].astype(np.float32)]
    if known not in _DENOISERS:
        return [scaled]
    noisy = np.asarray(Denoise(NOISE).add_noise(scaled, seed=0), np.float32)
    # The noise's level, or how much of the luma noise and the colour noise is to go.
    levels = [NOISE] if known == zoo.PHOTO_DENOISER else [1.0, 1.0]
    return [noisy, np.broadcast_to(np.array(levels, np.float32), (*noisy.shape[:3], len(levels)))]
