"""Noise off a photo of any size, at its own size.

    >>> import numpy as np
    >>> noisy = 0.5 + 0.1 * np.random.default_rng(0).standard_normal((33, 47, 3))
    >>> clean = denoise(noisy, sigma=0.1)
    >>> clean.shape, bool(np.abs(clean - 0.5).mean() < np.abs(noisy - 0.5).mean() / 4)
    ((33, 47, 3), True)

Importing this module does not import Keras; `denoise` does on its first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cae_core import zoo
from cae_core.errors import ImageError
from cae_core.formats import format_size
from cae_core.images.operations import as_image
from cae_core.long_work import OnProgress, ShouldStop
from cae_core.models.precision import BFLOAT16, FLOAT32, has_fast_bfloat16
from cae_core.photos.apply import apply_to_photo, with_channels_of
from cae_core.photos.camera_denoising import denoise_camera
from cae_core.photos.noise_kind import choose_denoiser, noise_of
from cae_core.photos.noise_level import TONED_SHARE
from cae_core.photos.tiling import apply_padded
from cae_core.photos.toning import Tone

if TYPE_CHECKING:
    from cae_core.training.runs import Run

# Both sides are padded to a multiple of the stride; the halo is the radius of the photo
# denoiser's receptive field in pixels. A test derives both from the network.
DENOISER_STRIDE, DENOISER_HALO = 4, 48
# Below, bfloat16 would cost more than a fiftieth of a decibel.
LEAST_BFLOAT16_SIGMA = 10 / 255
# Pale colours are more than this, in [0, 1], from what their luma has on average.
MOST_TONED = 2.5 / 255
# Large tiles waste little on their halo; one of these takes about 250 MB while it is worked on.
DENOISER_TILE = 512


def denoise(
    image: np.ndarray,
    sigma: float | np.ndarray | None = None,
    model: str | Run | None = None,
    *,
    precision: str | None = None,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """Takes the noise off an image: white Gaussian noise of a given sigma, or whatever it has.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3), from 1x1 on; uint8, or float in [0, 1], beyond
            which noise may reach.
        sigma: The standard deviation of white noise in units of [0, 1], from 0 to 1; one number,
            or (H, W) numbers where it differs from place to place. The photo denoiser was trained
            up to 100/255. A larger value than the noise has smooths more. By default estimated
            by `noise_of`, where the model needs it.
        model: By default, with a sigma the photo denoiser, and without one the network that
            `choose_denoiser` names for the image's noise; an image without noise is returned as
            it is. The camera denoiser estimates the noise itself, whatever sigma; see
            `denoise_camera` for its strengths. The name of another network of
            `cae_core.zoo.cards`, or a run of `cae_core.train`, is applied as it is.
        precision: ``"float32"`` or ``"mixed_bfloat16"`` for the photo denoiser; by default the
            faster one of this processor, but float32 below a sigma of 10/255.
        overwrite: Lets the output take the memory of the image, where that is float32 (H, W, 3).
        on_progress: Called with the tiles done and their number.
        should_stop: Asked before each tile; True stops the work.

    Returns:
        float32 in [0, 1], of the image's shape.

    Raises:
        ImageError: An image or a sigma that is not as above.
        ZooError: A name that is not in the zoo.
        StoppedError: `should_stop()` said so.
    """
    photo = as_image(image, unclipped=True)  # (H, W, 3)
    if model is None and sigma is None:
        choice = choose_denoiser(image)
        if choice.name is None:
            return np.clip(with_channels_of(photo, np.shape(image)), 0.0, 1.0)
        model, sigma = choice.name, choice.sigma
    elif sigma is None:
        sigma = noise_of(image)[1] if model == zoo.PHOTO_DENOISER else 0.0
    level = _sigma_map(sigma, photo)
    if model == zoo.CAMERA_DENOISER:
        return denoise_camera(
            image, overwrite=overwrite, on_progress=on_progress, should_stop=should_stop
        )
    if model is None or model == zoo.PHOTO_DENOISER:
        # A toned print with a grain of its grey: what is known of its colours helps the network.
        tone = Tone.of(photo, min(TONED_SHARE * float(level.min()), MOST_TONED))
        if tone is not None:
            photo, overwrite = tone.taken_off(photo, overwrite=overwrite), True
        clean = _denoise_photo(photo, level, precision, overwrite, on_progress, should_stop)
        if tone is not None:
            tone.put_on(clean)
    else:
        clean = _apply(model, photo, overwrite, on_progress, should_stop)
    clean = with_channels_of(clean, np.shape(image))
    return np.clip(clean, 0.0, 1.0, out=clean)


def put_grain_back(clean: np.ndarray, image: np.ndarray, share: float) -> None:
    """Puts a share of what was removed from an image back: a surface without any looks false.

    Args:
        clean: What `denoise` made of the image, float; it is changed.
        image: The image, float, of the same shape.
        share: From 0 to 1, which makes it the image.
    """
    clean += np.float32(share) * (np.clip(image, 0.0, 1.0) - clean)


def _sigma_map(sigma: float | np.ndarray, image: np.ndarray) -> np.ndarray:
    """Sigma as (H, W, 1), checked; one number takes no memory."""
    level = np.asarray(sigma)
    allowed = ((), image.shape[:2], (*image.shape[:2], 1))
    is_real = np.issubdtype(level.dtype, np.floating) or np.issubdtype(level.dtype, np.integer)
    if level.shape not in allowed or not is_real:
        raise ImageError(
            "Sigma is a number, or as many numbers as the image has pixels. "
            f"Received: {level.dtype} of shape {level.shape} for an image of "
            f"{format_size(image.shape[0], image.shape[1])}. Pass one number."
        )
    lowest, highest = level.min(), level.max()
    if not 0 <= lowest <= highest <= 1:  # also refuses NaN
        received = f"{lowest:g}" if level.ndim == 0 else f"{lowest:g} to {highest:g}"
        raise ImageError(
            "Sigma is in units of [0, 1], from 0 to 1. "
            f"Received: {received}. Divide units of 0-255 by 255."
        )
    level = level.astype(np.float32)
    if level.ndim == 0:
        return np.broadcast_to(level, (*image.shape[:2], 1))
    return level.reshape(*image.shape[:2], 1)


def _denoise_photo(
    image: np.ndarray,
    level: np.ndarray,
    precision: str | None,
    overwrite: bool,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> np.ndarray:
    """The photo denoiser, tile by tile; (H, W, 3) -> (H, W, 3)."""
    network = zoo.load(zoo.PHOTO_DENOISER, precision or preferred_precision(float(level.max())))
    is_uniform = level.strides == (0, 0, 0)
    if not is_uniform:
        # (H, W, 3) and (H, W, 1) -> (H, W, 4), so that both are cut into tiles as one
        image = np.concatenate([image, level], axis=2)

    def on_tile(tile: np.ndarray) -> np.ndarray:
        sigma = np.full_like(tile[..., :1], level[0, 0, 0]) if is_uniform else tile[..., 3:]
        return np.asarray(network.predict_on_batch([tile[..., :3], sigma]))

    return apply_padded(
        on_tile,
        image,
        stride=DENOISER_STRIDE,
        tile=DENOISER_TILE,
        halo=DENOISER_HALO,
        overwrite=overwrite,
        on_progress=on_progress,
        should_stop=should_stop,
    )


def preferred_precision(sigma: float) -> str:
    """The number format that the photo denoiser runs in on this processor.

    At a low noise level the last digits matter: `benchmarks/denoise.py` shows what bfloat16 costs.
    """
    is_enough = sigma >= LEAST_BFLOAT16_SIGMA
    return BFLOAT16 if is_enough and has_fast_bfloat16() else FLOAT32


def _apply(
    model: str | Run,
    image: np.ndarray,
    overwrite: bool,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> np.ndarray:
    """A network that is an architecture, as it is."""
    network, architecture = zoo.network_of(model)
    return apply_to_photo(
        network,
        architecture,
        image,
        overwrite=overwrite,
        on_progress=on_progress,
        should_stop=should_stop,
    )
