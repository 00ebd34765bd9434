"""Camera noise off a photo of any size, by a network that estimates the noise itself.

Importing this module does not import Keras.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cae_core import zoo
from cae_core.errors import ImageError
from cae_core.images.operations import as_image
from cae_core.long_work import OnProgress, ShouldStop
from cae_core.photos.apply import with_channels_of
from cae_core.photos.tiling import apply_padded
from cae_core.training.tasks import LUMA

# Both sides are padded to a multiple of the stride; a halo is at least the radius of a part's
# receptive field in pixels, for the estimator with the enlargement of its map.
CAMERA_STRIDE, ESTIMATOR_HALO, CAMERA_HALO = 4, 64, 40
CAMERA_TILE = 512
LARGEST_STRENGTH = 2.0
_LUMA = np.repeat(np.array(LUMA, np.float32)[:, np.newaxis], 3, axis=1)  # (3, 3): luma in all three


def denoise_camera(
    image: np.ndarray,
    luma: float = 1.0,
    color: float = 1.0,
    *,
    overwrite: bool = False,
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
        overwrite: Lets the output take the memory of the image, where that is float32 (H, W, 3).
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
    network: Any = zoo.load(zoo.CAMERA_DENOISER)

    def on_tile(tile: np.ndarray) -> np.ndarray:
        levels = _levels(network, tile)
        # The network takes an image without one kind of noise for one without the other: while a
        # strength changes, the other kind is what it is.
        of_luma = _denoised(network, tile, levels, (luma, 1)) if luma else tile
        if luma == color == 1:
            return of_luma
        of_color = _denoised(network, tile, levels, (1, color)) if color else tile
        return of_color + (of_luma - of_color) @ _LUMA

    # Both parts in one pass, with the halo of one around that of the other: no map of levels of
    # the whole photo is kept.
    clean = apply_padded(
        on_tile,
        photo.astype(np.float32, copy=False),
        stride=CAMERA_STRIDE,
        tile=CAMERA_TILE,
        halo=CAMERA_HALO + ESTIMATOR_HALO,
        overwrite=overwrite,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    clean = with_channels_of(clean, np.shape(image))
    return np.clip(clean, 0.0, 1.0, out=clean)


def noise_levels(image: np.ndarray, should_stop: ShouldStop | None = None) -> np.ndarray:
    """Local levels of noise: root mean squares of its luma and of its colours (noise minus luma).

    White noise of sigma has the levels 0.669 · sigma and 0.883 · sigma.

    Args:
        image: (H, W, 3), float in [0, 1].
        should_stop: Asked before each tile; True stops the work.

    Returns:
        (H, W, 2), float32, in units of [0, 1].
    """
    network: Any = zoo.load(zoo.CAMERA_DENOISER)

    return apply_padded(
        partial(_levels, network),
        image.astype(np.float32, copy=False),
        stride=CAMERA_STRIDE,
        tile=CAMERA_TILE,
        halo=ESTIMATOR_HALO,
        should_stop=should_stop,
    )


def _denoised(
    network: Any, tile: np.ndarray, levels: np.ndarray, strengths: tuple[float, float]
) -> np.ndarray:
    """A tile (1, h, w, 3) denoised with its levels (1, h, w, 2), luma's and colour's multiplied."""
    wanted = levels * np.array(strengths, np.float32)
    return np.asarray(network.get_layer("denoiser").predict_on_batch([tile, wanted]))


def _levels(network: Any, tile: np.ndarray) -> np.ndarray:
    """The estimator of the network; (1, h, w, 3) -> (1, h, w, 2)."""
    levels = network.get_layer("estimator").predict_on_batch(tile)
    return np.asarray(network.get_layer("enlarge")(levels))
