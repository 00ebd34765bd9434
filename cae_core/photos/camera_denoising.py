"""Camera noise off a photo of any size, by a network that estimates the noise itself.

Importing this module does not import Keras.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from cae_core import zoo
from cae_core.errors import ImageError
from cae_core.images.operations import as_image
from cae_core.long_work import OnProgress, ShouldStop
from cae_core.photos.apply import with_channels_of
from cae_core.photos.tiling import apply_padded

# Both sides are padded to a multiple of the stride; a halo is at least the radius of a part's
# receptive field in pixels, for the estimator with the enlargement of its map.
CAMERA_STRIDE, ESTIMATOR_HALO, CAMERA_HALO = 4, 64, 40
CAMERA_TILE = 512
LARGEST_STRENGTH = 2.0

# The network uses all cores for one tile: several at once would only take more memory.
_one_tile_at_a_time = threading.Lock()


def denoise_camera(
    image: np.ndarray,
    luma: float = 1.0,
    color: float = 1.0,
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """Takes camera noise off an image; the network estimates how much there is at each place.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3), from 1x1 on; uint8, or float in [0, 1], beyond
            which noise may reach.
        luma: Strength against luma noise, from 0 to 2, by which the estimated levels are
            multiplied: 0 keeps the luma as it is, 1 is the estimate.
        color: Strength against colour noise, likewise.
        on_progress: Called with the tiles done and their number.
        should_stop: Asked before each tile; True stops the work.

    Returns:
        float32 in [0, 1], of the image's shape.

    Raises:
        ImageError: An image or a strength that is not as above.
        StoppedError: `should_stop()` said so.
    """
    for strength in (luma, color):
        if not 0 <= strength <= LARGEST_STRENGTH:  # also refuses NaN
            raise ImageError(
                f"The strength of a camera denoiser is from 0 to {LARGEST_STRENGTH:g}. "
                f"Received: {strength:g}. Choose 1 for the estimated noise."
            )
    photo = as_image(image, unclipped=True)  # (H, W, 3)
    levels = noise_levels(photo, should_stop) * np.array([luma, color], np.float32)
    clean = _apply_part(
        "denoiser",
        np.concatenate([photo, levels], axis=2),  # (H, W, 5): both are cut into tiles as one
        CAMERA_HALO,
        on_progress,
        should_stop,
    )
    return np.clip(with_channels_of(clean, np.shape(image)), 0.0, 1.0)


def noise_levels(image: np.ndarray, should_stop: ShouldStop | None = None) -> np.ndarray:
    """Local levels of noise: root mean squares of its luma and of its colours (noise minus luma).

    White noise of sigma has the levels 0.669 · sigma and 0.883 · sigma.

    Args:
        image: (H, W, 3), float in [0, 1].
        should_stop: Asked before each tile; True stops the work.

    Returns:
        (H, W, 2), float32, in units of [0, 1].
    """
    return _apply_part("estimator", image, ESTIMATOR_HALO, None, should_stop)


def _apply_part(
    part: str,
    image: np.ndarray,
    halo: int,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> np.ndarray:
    """A part of the camera denoiser, tile by tile; (H, W, C) -> (H, W, C2)."""
    network: Any = zoo.load(zoo.CAMERA_DENOISER)
    layer = network.get_layer(part)

    def on_tile(tile: np.ndarray) -> np.ndarray:
        with _one_tile_at_a_time:
            if part == "denoiser":
                return np.asarray(layer.predict_on_batch([tile[..., :3], tile[..., 3:]]))
            return np.asarray(network.get_layer("enlarge")(layer.predict_on_batch(tile)))

    return apply_padded(
        on_tile,
        image.astype(np.float32),
        stride=CAMERA_STRIDE,
        tile=CAMERA_TILE,
        halo=halo,
        on_progress=on_progress,
        should_stop=should_stop,
    )
