"""The kind of noise in an image, and the network that suits it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cae_core import zoo
from cae_core.images.operations import as_image
from cae_core.photos.camera_denoising import noise_levels
from cae_core.photos.noise_level import (
    SMALLEST_SIDE,
    TONED_SHARE,
    constant_areas,
    estimate_sigma,
)
from cae_core.photos.toning import Tone

# Level of luma noise that white noise of sigma 1 has.
LUMA_OF_WHITE = 0.669
# From this share of the camera denoiser's estimate on, the one for white noise explains it. On 9
# photographs of BSDS500's train and a sample it is 0.90 and more for white noise of 2 to 50 of 255,
# in the middle 0.72 for noise blurred by 0.8 pixels; on real_noise's train it is 0.47 and less.
WHITE_SHARE = 0.85
# Up to so many times the camera denoiser's estimate, noise in colour is white; what is more is
# texture. On 30 photographs of BSDS500's train, whole and at half size, white noise of 5 to 50 of
# 255 has at most 3.03 times; without noise, sharpened or not, 10 times and more is common.
WHITE_MOST = 3.2
# Below, in units of [0, 1], an image has no noise that anyone would see; of white noise, which lies
# nowhere thicker than elsewhere, below the second, and in grey, where texture grows as noise does,
# below the third.
LEAST_SIGMA, LEAST_WHITE, LEAST_WHITE_GREY = 1 / 255, 3 / 255, 3.5 / 255
# The camera denoiser's estimate is too low in grey photographs, and nearly 0 where there is no
# noise: on BSDS500's val at most 0.43 of 255.
LEAST_GREY = 0.5 / 255
# With as much white noise added as was estimated, the estimate grows by sqrt(2), but for texture
# that was taken for noise: on clean photographs of BSDS500's val it stays as it was, within 1.07.
LEAST_GROWTH = 1.2
# A part of a large image is looked at, at its middle.
_LOOKED_AT = 768


@dataclass(frozen=True)
class Choice:
    """A network for an image without a given sigma.

    Attributes:
        name: `zoo.PHOTO_DENOISER` for white noise, `zoo.CAMERA_DENOISER` for a camera's, None
            for an image without noise.
        sigma: Estimated standard deviation of the noise in [0, 1]; 0 without noise.
        reason: Why this network was chosen, in a sentence.
    """

    name: str | None
    sigma: float
    reason: str


def choose_denoiser(image: np.ndarray) -> Choice:
    """Chooses the network for the noise in an image.

    The noise is estimated twice: by `estimate_sigma`, which is right for white noise and blind to
    most of a noise whose neighbouring pixels resemble each other, as demosaicing, noise reduction
    and JPEG leave it; and by the estimator of the camera denoiser, which was trained on both (the
    median over the image without constant areas). Where both agree, and the first grows when noise
    is added, the noise is white; where it does not grow, or the second sees hardly any, it was
    texture. In grey photographs texture grows like noise, and the second sees no white noise: there
    a larger estimate is needed.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3), at least 8x8; uint8, or float in [0, 1], beyond
            which noise may reach.

    Raises:
        ImageError: Not such an image.
    """
    photo = _without_borders(as_image(image, unclipped=True))
    top, left = (max(0, side - _LOOKED_AT) // 2 // 4 * 4 for side in photo.shape[:2])
    part = photo[top : top + _LOOKED_AT, left : left + _LOOKED_AT]
    white = estimate_sigma(part)
    is_grey = np.ptp(part, axis=2).max() == 0
    varied = ~constant_areas(part)
    levels = noise_levels(part)[..., 0][varied] if varied.any() else np.zeros(1)
    sigma = float(np.median(levels)) / (1.0 if is_grey else LUMA_OF_WHITE)
    said = f"sigma {255 * sigma:.1f} of 255, {255 * white:.1f} by the estimate for white noise"
    if white < LEAST_SIGMA and sigma < (LEAST_GREY if is_grey else LEAST_SIGMA):
        return Choice(None, 0.0, f"No noise to speak of: {said}.")
    if is_grey and white >= WHITE_SHARE * sigma:
        if white < LEAST_WHITE_GREY:
            return Choice(None, 0.0, f"No noise to speak of in grey: {said}.")
        return Choice(zoo.PHOTO_DENOISER, white, f"White noise in grey: {said}.")
    if WHITE_SHARE * sigma <= white <= WHITE_MOST * sigma or _is_toned(part, white):
        if white < LEAST_WHITE:
            return Choice(None, 0.0, f"No noise to speak of: {said}.")
        if _grows_with_noise(part, white):
            return Choice(zoo.PHOTO_DENOISER, white, f"White noise: {said}.")
    if sigma < LEAST_SIGMA:
        return Choice(None, 0.0, f"Texture, and no noise to speak of: {said}.")
    if white >= WHITE_SHARE * sigma:
        return Choice(zoo.CAMERA_DENOISER, sigma, f"Not as even as white noise: {said}.")
    return Choice(zoo.CAMERA_DENOISER, sigma, f"Camera noise, neighbouring pixels alike: {said}.")


def noise_of(image: np.ndarray) -> tuple[Choice, float]:
    """The network for the noise in an image, and the sigma for whichever network is taken.

    Of a camera's noise the sigma is the choice's: `estimate_sigma` is blind to most of that.

    Args:
        image: See `choose_denoiser`.

    Raises:
        ImageError: Not such an image.
    """
    choice = choose_denoiser(image)
    is_cameras = choice.name == zoo.CAMERA_DENOISER
    return choice, choice.sigma if is_cameras else estimate_sigma(image)


def _grows_with_noise(part: np.ndarray, sigma: float) -> bool:
    """Whether an estimate grows as that of white noise does when as much is added to the image."""
    # All channels of a toned print have one grain.
    shape = (*part.shape[:2], 1 if _is_toned(part, sigma) else 3)
    noise = np.random.default_rng(0).standard_normal(shape, dtype=np.float32)
    return estimate_sigma(part + np.float32(sigma) * noise) >= LEAST_GROWTH * sigma


def _is_toned(part: np.ndarray, sigma: float) -> bool:
    """Whether an image is a print toned in one colour, but for noise of that sigma."""
    return Tone.of(part, TONED_SHARE * sigma) is not None


def _without_borders(photo: np.ndarray) -> np.ndarray:
    """The photo without constant areas at its sides, whose noise the estimator would spread.

    Nothing is cut off where too little for an estimate would be left.
    """
    varied = ~constant_areas(photo)
    slices = []
    for axis in (1, 0):
        places = np.flatnonzero(varied.any(axis=axis))
        if len(places) < SMALLEST_SIDE:
            return photo
        slices.append(slice(places[0], places[-1] + 1))
    return photo[tuple(slices)]
