"""Colour for a grey image of any size: chrominance guessed, lightness kept exactly.

    >>> import numpy as np
    >>> grey = np.linspace(0, 1, 40 * 30).reshape(40, 30)
    >>> colorize(grey).shape
    (40, 30, 3)

A network guesses chrominance on a reduced image; that is brought to full size along the edges
of the lightness, which is known, and merged with it. Importing this module does not import Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from cae_core import zoo
from cae_core.errors import ImageError, ZooError
from cae_core.images.color import lightness_of, rgb_within_gamut
from cae_core.images.operations import as_image
from cae_core.long_work import OnProgress
from cae_core.models.ab_bins import TEMPERATURE, VIVIDNESS, annealed_mean
from cae_core.photos.apply import apply_to_photo
from cae_core.photos.tiling import round_up
from cae_core.training.tasks import AB_SCALE, LUMA, ColorizeChroma, ColorizeRGB

if TYPE_CHECKING:
    import keras

    from cae_core.training.runs import Run


class Working(NamedTuple):
    """How a network that predicts probabilities is applied to an image.

    Attributes:
        side: Pixels of the shorter side of a large image while the network works on it; chosen on
            validation images by its recipe.
        stride: Both sides are padded to a multiple of this.
        cell: Side of the square of pixels that shares one distribution.
        vividness: See `annealed_mean`; chosen on validation images, too.
    """

    side: int
    stride: int
    cell: int
    vividness: float = VIVIDNESS


WORKING = {
    zoo.COLORIZER: Working(side=96, stride=16, cell=2),
    zoo.IMAGENET_COLORIZER: Working(side=192, stride=32, cell=4, vividness=1.15),
}
"""By the name of the registered network."""

# Of networks that predict one colour a pixel, and do so in tiles.
_WORKING_SIDE = 96
# An image is never longer than this many times its shorter side while it is worked on.
LONGEST_SHAPE = 8
# Radius in reduced pixels, and the variance of lightness (in [0, 1]) below which a window is flat:
# He & Sun's guided filter follows edges of more.
GUIDE_RADIUS, FLAT_VARIANCE = 2, 1e-3
# Mean range of a pixel's channels, in [0, 1], below which a photo is grey; and the distance in the
# a*b* plane (root mean square) from what its lightness explains, below which it is toned: the
# palest of 56 photographs of BSDS500 has 2.3, a sepia photo saved as JPEG at most 2.0.
GREY_BELOW, TONED_BELOW = 0.01, 2.15
# The colours of a toned print lie near a line in the a*b* plane: at most 4 from it and 41 along it
# (root mean square, ten usual tonings); those of flags with three colours 15 to 30, with two
# colours that are not white up to 70 along it.
_WIDEST_TONE, _LONGEST_TONE = 8.0, 50.0
# Pixels; and the share of what lightness does not explain that is alike so far away, below which it
# is noise: at most 0.03 in noisy prints, at least 0.15 in 169 photographs. Objects are larger.
_FAR, _OBJECTS_SHARE = 16, 0.08
_ROWS_AT_ONCE = 256
_LEVELS = 50  # of lightness, 2 units of L* each


@dataclass(frozen=True, eq=False)
class AbGuess:
    """The (a*, b*) that a network predicts for an image, at the size it works at.

    Attributes:
        lightness: L* of the reduced image, float32 (h, w), 0 to 100.
        logits: (h', w', K) over the K `ab_bin_centres`, h' and w' being smaller; None for a network
            that predicts one colour.
        ab: (h, w, 2), one colour a pixel; None for a network that predicts probabilities.
        vividness: See `annealed_mean`.
    """

    lightness: np.ndarray
    logits: np.ndarray | None = None
    ab: np.ndarray | None = None
    vividness: float = VIVIDNESS

    def at(self, temperature: float = TEMPERATURE) -> np.ndarray:
        """One (a*, b*) a pixel, (h', w', 2); see `annealed_mean` for the temperature."""
        if self.ab is not None:
            return self.ab
        assert self.logits is not None  # noqa: S101 - one of the two is there
        return annealed_mean(self.logits, temperature, self.vividness)

    def uncertainty(self) -> np.ndarray:
        """Entropy of each pixel's probabilities, (h', w'), from 0 to 1 where all are alike.

        Only for a network that predicts probabilities.
        """
        assert self.logits is not None  # noqa: S101 - the caller has looked
        shifted = self.logits - self.logits.max(axis=-1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        entropy: np.ndarray = -(np.exp(logs) * logs).sum(axis=-1) / np.log(logs.shape[-1])
        return entropy


def colorize(
    image: np.ndarray,
    model: str | Run | None = None,
    *,
    temperature: float = TEMPERATURE,
    saturation: float | None = None,
) -> np.ndarray:
    """Guesses the colours of a grey image. Colours are guesses, lightness is kept.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3), from 1x1 on; uint8, or float in [0, 1]. Of a colour
            image only the lightness is used.
        model: By default the ImageNet colorizer. The name of another network of `cae_core.zoo` that
            was trained to colorize, or such a run of `cae_core.train`.
        temperature: Above 0 to 1: from the most probable colour, vivid and at times wrong, to
            the mean of all, brownish. For networks that give probabilities.
        saturation: Factor of a* and b*, from 0 (grey) to 4. None is 1, or less where more than a
            tenth of the pixels would leave the gamut of sRGB; see `fitting_saturation`.

    Returns:
        float32 (H, W, 3) in [0, 1]; its L* is the image's (unless the network returns RGB).

    Raises:
        ImageError: An image or a setting that is not as above.
        ZooError: A name that is not in the zoo, or a network that does not colorize.

    Source: Zhang, Isola & Efros, "Colorful Image Colorization", ECCV 2016.
    """
    check_settings(temperature, saturation)
    photo = as_image(image)
    if model is not None and learns_rgb(model):
        return rgb_from(photo, model)
    lightness = lightness_of(photo)
    guess = guess_ab(lightness, model)
    if saturation is None:
        from cae_core.photos.saturation import fitting_saturation  # which imports this module

        saturation = fitting_saturation(guess, temperature=temperature).value
    return merged(lightness, np.float32(saturation) * guess.at(temperature))[0]


def grey_of(photo: np.ndarray) -> np.ndarray:
    """A photo without its colours: lightness as it was, chrominance 0.

    Args:
        photo: As in `colorize`.

    Returns:
        float32 (H, W, 3) in [0, 1].
    """
    lightness = lightness_of(as_image(photo))
    return rgb_within_gamut(lightness, np.zeros((*lightness.shape, 2), np.float32))[0]


def is_coloured(photo: np.ndarray) -> bool:
    """Says whether a photo has colours, and is neither grey nor toned.

    In a toned photo (sepia, cyanotype, a yellowed print) chrominance is a function of lightness but
    for noise, and its colours are those between two or three.

    Args:
        photo: float32 (H, W, 3) in [0, 1].

    Example:
        >>> sepia = np.linspace(0, 1, 400).reshape(20, 20, 1) * [1.0, 0.8, 0.6]
        >>> red_and_green = np.array([[[1.0, 0, 0]], [[0, 0.58, 0]]])  # of one lightness
        >>> stripes = red_and_green.repeat(10, axis=0).repeat(20, axis=1)
        >>> is_coloured(sepia), is_coloured(stripes)
        (False, True)
    """
    from scipy.ndimage import uniform_filter
    from skimage.color import rgb2lab

    if float(np.ptp(photo, axis=2).mean()) < GREY_BELOW:
        return False
    # Smoothed, because single pixels have the noise of their colours.
    lab = uniform_filter(rgb2lab(photo), (5, 5, 1), mode="nearest").reshape(-1, 3)
    level = np.clip(lab[:, 0] * (_LEVELS / 100), 0, _LEVELS - 1).astype(int)
    counts = np.maximum(np.bincount(level, minlength=_LEVELS), 1)
    variance = shared = 0.0
    for channel in (lab[:, 1], lab[:, 2]):
        explained = np.bincount(level, channel, _LEVELS) / counts
        rest = (channel - explained[level]).reshape(photo.shape[:2])
        variance += float(np.mean(rest**2))
        if min(rest.shape) >= 4 * _FAR:
            far = np.mean(rest[:, _FAR:] * rest[:, :-_FAR]), np.mean(rest[_FAR:] * rest[:-_FAR])
            shared += float(np.abs(far).max())
        else:
            shared = np.inf
    if variance >= TONED_BELOW**2 and shared >= _OBJECTS_SHARE * variance:
        return True
    along, across = np.sqrt(np.linalg.eigvalsh(np.cov(lab[:, 1:].T)).clip(0))[::-1]
    return bool(across > _WIDEST_TONE or along > _LONGEST_TONE)


def check_settings(temperature: float, saturation: float | None) -> None:
    """Refuses a temperature or a saturation out of range.

    Raises:
        ImageError: Naming the range.
    """
    if not 0 < temperature <= 1:
        raise ImageError(
            "The temperature is above 0 and at most 1. "
            f"Received: {temperature!r}. {TEMPERATURE} is the usual one."
        )
    if saturation is not None and not 0 <= saturation <= 4:
        raise ImageError(
            f"The saturation is from 0 to 4. Received: {saturation!r}. 1 leaves colours as guessed."
        )


def learns_rgb(model: str | Run) -> bool:
    """True for a network whose output is RGB, False for one whose output is (a*, b*).

    Raises:
        ZooError: For a network that does not colorize.
    """
    if _gives_probabilities(model):
        return False
    task = zoo.card(model).task if isinstance(model, str) else model.task
    if not isinstance(task, ColorizeRGB | ColorizeChroma):
        raise ZooError(
            "A colorizer is a network that learnt to colorize. "
            f"Received: {model if isinstance(model, str) else task}. "
            f"Choose {zoo.DEFAULT_COLORIZER!r}."
        )
    return isinstance(task, ColorizeRGB)


def _gives_probabilities(model: str | Run) -> bool:
    """True for a network whose output is a probability for every (a*, b*) class."""
    return isinstance(model, str) and zoo.card(model).network in zoo.AB_NETWORKS


def rgb_from(
    image: np.ndarray, model: str | Run, on_progress: OnProgress | None = None
) -> np.ndarray:
    """The output of a network that was trained from grey to RGB; it loses detail.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        model: A network for which `learns_rgb`.
        on_progress: Called with the tiles done and their number.
    """
    grey = image @ np.array(LUMA, np.float32)
    network, architecture = zoo.network_of(model)
    return apply_to_photo(network, architecture, grey[..., np.newaxis], on_progress=on_progress)


def guess_ab(lightness: np.ndarray, model: str | Run | None = None) -> AbGuess:
    """Predicts the (a*, b*) of an image from its lightness.

    Args:
        lightness: float32 (H, W) from 0 to 100.
        model: As in `colorize`, but none for which `learns_rgb`.
    """
    if model is None:
        model = zoo.DEFAULT_COLORIZER
    if isinstance(model, str) and _gives_probabilities(model):
        return guess_probabilities(zoo.load(model), lightness, WORKING[zoo.card(model).network])
    reduced = reduced_lightness(lightness, _WORKING_SIDE)
    network, architecture = zoo.network_of(model)
    grey = reduced[..., np.newaxis] / np.float32(100)
    ab = apply_to_photo(network, architecture, grey, clip=False)
    return AbGuess(reduced, ab=ab * np.float32(AB_SCALE))


def guess_probabilities(network: keras.Model, lightness: np.ndarray, working: Working) -> AbGuess:
    """Predicts a probability for every (a*, b*) bin.

    Args:
        network: From lightness (B, h, w, 1) in [0, 1] to logits.
        lightness: float32 (H, W) from 0 to 100.
        working: How the network is applied.
    """
    reduced = reduced_lightness(lightness, working.side)
    height, width = (-(-side // working.cell) for side in reduced.shape)  # rounded up
    below, right = (round_up(side, working.stride) - side for side in reduced.shape)
    padded = np.pad(reduced / np.float32(100), ((0, below), (0, right)), mode="symmetric")
    logits = np.asarray(network.predict_on_batch(padded[np.newaxis, ..., np.newaxis]))[0]
    return AbGuess(reduced, logits[:height, :width], vividness=working.vividness)


def reduced_lightness(lightness: np.ndarray, shorter_side: int) -> np.ndarray:
    """A large image's lightness with a shorter side of so many pixels."""
    height, width = lightness.shape
    short, long = min(height, width), max(height, width)
    scale = min(1.0, shorter_side / short, LONGEST_SHAPE * shorter_side / long)
    return _resized(lightness, max(1, round(scale * height)), max(1, round(scale * width)))


def _resized(
    channel: np.ndarray,
    height: int,
    width: int,
    box: tuple[float, float, float, float] | None = None,
) -> np.ndarray:
    """One channel, or a box of it, at another size, smoothed where it gets smaller."""
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(channel, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box))


class AbRows(Protocol):
    """Chrominance (H, W, 2) that gives some of its rows."""

    def __getitem__(self, rows: slice, /) -> np.ndarray:
        """The rows."""


def merged(
    lightness: np.ndarray,
    ab: np.ndarray | AbRows,
    *,
    out: np.ndarray | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The image of a lightness and a guess of its chrominance, which may be smaller.

    Args:
        lightness: float32 (H, W) from 0 to 100.
        ab: (h, w, 2), see `full_size_ab`; or (H, W, 2) by its rows.
        out: float32 (H, W, 3) that the image is written to; a new one by default.
        on_progress: Called with the rows done and their number.

    Returns:
        float32 (H, W, 3), sRGB in [0, 1], and bool (H, W): where chroma had to be reduced, because
        sRGB has no such colour.
    """
    height, width = lightness.shape
    rgb = np.empty((height, width, 3), np.float32) if out is None else out
    was_reduced = np.empty((height, width), bool)
    functions = None
    if isinstance(ab, np.ndarray) and ab.shape[:2] != lightness.shape:
        functions = _fitted(ab, lightness)
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = slice(top, min(top + _ROWS_AT_ONCE, height))
        part = ab[rows] if functions is None else _applied(functions, lightness, rows)
        rgb[rows], was_reduced[rows] = rgb_within_gamut(lightness[rows], part)
        if on_progress is not None:
            on_progress(rows.stop, height)
    return rgb, was_reduced


def full_size_ab(ab: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Chrominance at the size of the lightness, its edges where lightness has them.

    In every window chrominance is taken for a linear function of lightness, fitted on the small
    image and applied at full size.

    Args:
        ab: (h, w, 2); where that is the image's size, it stays as it is.
        lightness: float32 (H, W) from 0 to 100.

    Returns:
        float32 (H, W, 2).

    Source: He & Sun, "Fast Guided Filter", 2015.
    """
    if ab.shape[:2] == lightness.shape:
        return ab
    return _applied(_fitted(ab, lightness), lightness, slice(0, len(lightness)))


def _fitted(ab: np.ndarray, lightness: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Slope and offset of a* and of b* as linear functions of lightness, (h, w) each."""
    from scipy.ndimage import uniform_filter

    guide = _resized(lightness, *ab.shape[:2]) / 100

    def local_mean(channel: np.ndarray) -> np.ndarray:
        return uniform_filter(channel, 2 * GUIDE_RADIUS + 1, mode="nearest")

    mean = local_mean(guide)
    variance = local_mean(guide**2) - mean**2
    functions = []
    for channel in range(2):
        small = ab[..., channel]
        mean_ab = local_mean(small)
        slope = (local_mean(guide * small) - mean * mean_ab) / (variance + FLAT_VARIANCE)
        offset = mean_ab - slope * mean
        functions.append((local_mean(slope), local_mean(offset)))
    return functions


def _applied(
    functions: list[tuple[np.ndarray, np.ndarray]], lightness: np.ndarray, rows: slice
) -> np.ndarray:
    """The functions of `_fitted` at full size, in some rows: (H', W, 2)."""
    height, width = lightness.shape
    small_height, small_width = functions[0][0].shape
    scale = small_height / height
    box = (0, rows.start * scale, small_width, rows.stop * scale)
    number = rows.stop - rows.start
    ab = np.empty((number, width, 2), np.float32)
    for channel, (slope, offset) in enumerate(functions):
        ab[..., channel] = _resized(slope, number, width, box)
        ab[..., channel] *= lightness[rows] / np.float32(100)
        ab[..., channel] += _resized(offset, number, width, box)
    return ab
