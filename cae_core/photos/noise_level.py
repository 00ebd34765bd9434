"""Blind estimation of the noise level: sigma from the noisy image alone."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass

import numpy as np
from threadpoolctl import ThreadpoolController

from cae_core.errors import ImageError
from cae_core.formats import format_size
from cae_core.images.operations import as_image
from cae_core.photos.toning import spread_beside_luma
from cae_core.training.tasks import LUMA

SMALLEST_SIDE = 8
_MAX_PATCHES = 30_000  # looked at; a larger image is sampled, always at the same places

# Sides of the patches. Three channels of a photograph resemble each other so much that small
# patches leave enough dimensions with nothing but noise; grey needs large ones.
_GREY_SIDE, _COLOUR_SIDE, _SMALL_COLOUR_SIDE = 8, 3, 2
# With fewer patches than this per dimension the eigenvalues of pure noise spread too far.
_GREY_PATCHES_PER_DIMENSION, _COLOUR_PATCHES_PER_DIMENSION = 20, 100
# A grey patch is flat if its differences have at most this many times the energy that noise has.
_FLAT = 1.5
# A patch may be clipped if its mean is nearer than this many sigmas to black or white.
_SAFE_SIGMAS = 3.0
_CLIPPED_SHARE = 1e-3  # of the pixels exactly at an extreme: from here on it is taken for a limit
_KEPT_SHARE = 0.3  # of the patches at least, however many may be clipped
# Where more of the patches than this touch a constant area, the others must look like noise: of
# them at least `_NOISE_SHARE` with no more texture than twice the noise. Edges of a drawing don't.
_CONSTANT_SHARE, _NOISE_SHARE = 0.1, 0.02

# Blocks of pixels, at most so many, whose noise is compared to find areas with hardly any.
_BLOCK_SIDE, _MAX_BLOCKS = 10, 20_000
# A quiet area is at least this share of the blocks, and so is what is left; the noise of the one is
# less than half of that of the other, with few blocks between: those on the border of both.
_QUIET_SHARE, _LEFT_SHARE, _BORDER_SHARE = 0.02, 0.1, 0.15
_MOST_TRIED = 4
# Texture is not noise: it has blocks of every strength, and few whose neighbouring pixels differ as
# those of white noise do. Of 738 photographs to which nothing was added, each in colour and in
# grey, the texture of one passes for noise, in grey.
_WEAKER_SHARE, _WHITE_SHARE, _WHITE = 0.05, 0.07, (0.4, 1.6)

# A photo is toned where the colours of pixels of one luma differ by at most this share of its
# noise: 0.23 and less in prints with grain of 10 of 255 saved as JPEG, 0.31 and more where the
# noise was in the colours before.
TONED_SHARE = 0.28

_LUMA = np.array(LUMA, np.float32)
_LUMA_OF_NOISE = float(np.linalg.norm(_LUMA))  # sigma of the luma of noise with sigma 1
_MEDIAN_OF_NORMAL = 0.67449  # the median of |x| for a standard normal x


def estimate_sigma(image: np.ndarray) -> float:
    """Estimate the standard deviation of the white Gaussian noise in an image.

    The noise of a patch spreads evenly over all dimensions of the space of patches, while
    natural patches need only a few: the small eigenvalues of the patches' covariance are the
    variance of the noise (Chen et al.). Two things are added. Of a grey image only flat patches
    count, because too few of its dimensions are free of texture (after Liu et al.). And where
    pixels are clipped at black and white, patches far from both are preferred, and what clipping
    took from the variance is put back. Constant areas (bars, borders, drawings, what is cut off
    beyond white) have no noise whatever the rest has, and do not count; nor do those with hardly
    any (a gradient, paper, a dithered sky) beside an area whose noise is white.

    Compared on the 68 photographs of CBSD68 (`benchmarks/noise_level.py`) with a robust Laplacian
    (Immerkær) and the median of wavelet coefficients (scikit-image's way), which take texture for
    noise. In colour this is the best at every level: at sigma 5, 25 and 100 of 255 its root mean
    square error is 0.09, 0.08 and 0.32, the Laplacian's 2.12, 0.96 and 0.37. In grey it is the
    best up to 25; at 50 and 100 the Laplacian is a little better (0.55 and 0.46 against 0.63 and
    0.62), and so it is below about 43 × 43 pixels, where it is used here. Clipped and rounded to
    bytes, the others fall short of sigma 50 by 6 and of 100 by 25, this one is off by 0.6 and 4.

    Noise that is not white is another matter. Where all channels of a toned print (sepia) have one
    grain, it is that of its luma, as in grey. A JPEG saved after the noise came has lost the noise
    in its colours: then the luma decides, and the estimate is rough (within about 20 %).
    A blurred or enlarged image has too small an estimate. A photograph to which nothing was
    added has an estimate of 0 to about 4/255: grain, or texture everywhere.

    Args:
        image: Height × width, × 1 or × 3; uint8, or float on the scale of [0, 1], which noise may
            leave. Three equal channels count as grey, and a constant channel doesn't count. At
            least 8 × 8 pixels: smaller images are too small to tell, and at 8 × 8 the error
            is still about 20 % in colour and 35 % in grey.

    Returns:
        Sigma on the scale of [0, 1]; 0 for a constant image. Scales with the image. Exactly
        the same for the same image: of a large one, patches are taken at fixed places.

    Raises:
        ImageError: Not such an image, NaN or infinity, or a side below 8 pixels.

    Source: Chen, Zhu & Heng, "An Efficient Statistical Method for Image Noise Level Estimation",
    ICCV 2015. Liu, Tanaka & Okutomi, "Single-Image Noise Level Estimation for Blind Denoising",
    TIP 2013. Immerkær, "Fast Noise Variance Estimation", CVIU 1996.

    Example:
        >>> noise = np.random.default_rng(0).normal(0.5, 0.1, (64, 64, 3))
        >>> round(estimate_sigma(noise), 2)
        0.1
    """
    pixels = as_image(image, unclipped=True)
    height, width = pixels.shape[:2]
    if min(height, width) < SMALLEST_SIDE:
        raise ImageError(
            "Noise can be estimated in an image of at least "
            f"{format_size(SMALLEST_SIDE, SMALLEST_SIDE)} pixels. Received: "
            f"{format_size(width, height)}. Choose a larger image, or set sigma."
        )
    # The matrices are small: threads that share them wait for one another longer than they
    # work, four times as long as one thread takes where other programs use the cores too.
    with _thread_pools().limit(limits=1, user_api="blas"):
        return _sigma(pixels)


@functools.cache
def _thread_pools() -> ThreadpoolController:
    """The libraries whose threads can be counted; finding them takes a while."""
    return ThreadpoolController()


def _sigma(pixels: np.ndarray) -> float:
    """Sigma of an image H×W×C that is large enough."""
    constant = constant_areas(pixels)
    sigma = _sigma_outside(pixels, constant)
    blocks = _Blocks.of(pixels)
    if blocks is None:
        return sigma
    for threshold in blocks.thresholds()[:_MOST_TRIED]:
        quiet = blocks.noise <= threshold
        left = ~_widened(quiet)
        louder = _sigma_outside(pixels, constant | blocks.pixels_of(~left, pixels.shape))
        if louder > sigma and blocks.have_noise(louder, threshold, left):
            return louder
    return sigma


def _sigma_outside(pixels: np.ndarray, constant: np.ndarray) -> float:
    """Sigma of what is in no area that does not count."""
    channels = _different_channels(pixels, ~constant)
    if not channels:
        return 0.0
    if len(channels) == 1:
        return _sigma_of_grey(channels[0], constant)
    from_colours = _sigma_of_colour(np.stack(channels, axis=2), constant)
    if len(channels) == 2:
        return from_colours
    luma = pixels @ _LUMA
    of_luma = _sigma_of_grey(luma, constant)
    # White noise has both agree within a quarter. JPEG takes the noise out of the colours.
    if of_luma / _LUMA_OF_NOISE <= 2 * from_colours:
        return from_colours
    # In a toned print they have none of their own: it is grey, and so is its noise.
    is_toned = spread_beside_luma(pixels[~constant], luma[~constant]) <= TONED_SHARE * of_luma
    return of_luma if is_toned else of_luma / _LUMA_OF_NOISE


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Squares of an image in rows and columns, of a large one some that stand for those around.

    Attributes:
        noise: h×w: about the sigma of the noise in each, lines and slopes do not count.
        texture: h×w: see `_texture`.
        side: Pixels from one to the next.
    """

    noise: np.ndarray
    texture: np.ndarray
    side: int

    @classmethod
    def of(cls, pixels: np.ndarray) -> _Blocks | None:
        """The blocks of an image H×W×C; None where it is too small for any comparison."""
        height, width, channels = pixels.shape
        number = (height // _BLOCK_SIDE) * (width // _BLOCK_SIDE)
        side = _BLOCK_SIDE * max(1, math.ceil(math.sqrt(number / _MAX_BLOCKS)))
        rows, columns = height // side, width // side
        if min(rows, columns) < 3:
            return None
        squares = pixels[: rows * side, : columns * side].reshape(rows, side, columns, side, -1)
        squares = squares[:, :_BLOCK_SIDE, :, :_BLOCK_SIDE].transpose(0, 2, 4, 1, 3)
        shape = (rows * columns, channels, _BLOCK_SIDE, _BLOCK_SIDE)
        patches = squares.reshape(shape).astype(np.float64)
        laplacian = np.abs(_laplacian(patches)).reshape(*shape[:2], -1)
        noise = np.median(laplacian, axis=2).mean(axis=1) / (6 * _MEDIAN_OF_NORMAL)
        # Differences in units that leave 8 bits exact: what rounding makes of zero is zero.
        noise[noise < 1e-6 * noise.max()] = 0
        return cls(noise.reshape(rows, columns), _texture(patches).reshape(rows, columns), side)

    def thresholds(self) -> list[float]:
        """What the noise of quiet areas may be at most, where there may be such; largest first."""
        ordered = np.sort(self.noise, axis=None)
        number = len(ordered)
        below = np.arange(1, number)
        threshold = ordered[:-1]
        between = np.searchsorted(ordered, 2 * threshold, "right") - below
        above = number - below - between
        fits = (below >= _QUIET_SHARE * number) & (above >= _LEFT_SHARE * number)
        fits &= between <= _BORDER_SHARE * np.minimum(below, above)
        found: list[float] = []
        for value in threshold[fits & (threshold > 0)][::-1]:
            if not found or value < found[-1] / 2:
                found.append(float(value))
        nothing = np.sum(self.noise == 0)
        if _QUIET_SHARE * number <= nothing <= (1 - _LEFT_SHARE) * number:
            found.append(0.0)
        return found

    def have_noise(self, sigma: float, threshold: float, left: np.ndarray) -> bool:
        """Whether noise of a sigma is what the blocks beside quiet areas have.

        Args:
            sigma: The estimate.
            threshold: What the noise of quiet areas is at most.
            left: h×w: the blocks that are in none and touch none.
        """
        quiet = int(np.sum(self.noise <= threshold))
        weaker = int(np.sum((self.noise > threshold) & (self.noise < sigma / 2)))
        if not left.any() or weaker > _WEAKER_SHARE * min(quiet, self.noise.size - quiet):
            return False
        low, high = (limit * sigma**2 for limit in _WHITE)
        texture = self.texture[left]
        return bool(np.mean((texture >= low) & (texture <= high)) >= _WHITE_SHARE)

    def pixels_of(self, chosen: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """h×w -> H×W: the pixels of chosen blocks; those at the edges are of the nearest."""
        rows, columns = (
            np.minimum(np.arange(length) // self.side, count - 1)
            for length, count in zip(shape, chosen.shape, strict=False)
        )
        pixels: np.ndarray = chosen[np.ix_(rows, columns)]
        return pixels


def _widened(chosen: np.ndarray) -> np.ndarray:
    """h×w -> h×w: what is chosen, and everything beside it."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(chosen, 1), (3, 3))
    return np.asarray(windows.any(axis=(2, 3)))


def constant_areas(pixels: np.ndarray) -> np.ndarray:
    """H×W×C -> H×W: the pixels of all squares of 3×3 equal pixels.

    White noise of 1/255, rounded to bytes, makes one in five thousand squares equal by chance.
    """
    height, width = pixels.shape[:2]
    if min(height, width) < 3:
        return np.zeros((height, width), bool)
    equal = np.ones((height - 2, width - 2), bool)
    for channel in np.moveaxis(pixels, 2, 0):
        right, below = channel[:, 1:] == channel[:, :-1], channel[1:] == channel[:-1]
        rows = right[:, 1:] & right[:, :-1]  # H×(W-2): three equal pixels side by side
        equal &= rows[:-2] & rows[1:-1] & rows[2:] & below[:-1, 1:-1] & below[1:, 1:-1]
    constant = np.zeros((height, width), bool)
    for top, left in itertools.product(range(3), range(3)):
        constant[top : top + height - 2, left : left + width - 2] |= equal
    return constant


def _different_channels(pixels: np.ndarray, counted: np.ndarray) -> list[np.ndarray]:
    """H×W×3 -> up to three H×W: not the constant ones, and of equal ones the first.

    Others would add dimensions in which there is no noise. Only counted pixels are compared.
    """
    channels: list[np.ndarray] = []
    if not counted.any():
        return channels
    for channel in np.moveaxis(pixels, 2, 0):
        values = channel[counted]
        is_known = any(np.array_equal(values, other[counted]) for other in channels)
        if values.min() < values.max() and not is_known:
            channels.append(channel)
    return channels


def _sigma_of_colour(pixels: np.ndarray, constant: np.ndarray) -> float:
    """Sigma of H×W×2 or 3."""
    dimensions = pixels.shape[2] * _COLOUR_SIDE**2
    enough = np.sum(~constant) >= _COLOUR_PATCHES_PER_DIMENSION * dimensions
    return _sigma_of_patches(pixels, constant, _COLOUR_SIDE if enough else _SMALL_COLOUR_SIDE)


def _sigma_of_grey(plane: np.ndarray, constant: np.ndarray) -> float:
    """Sigma of H×W."""
    height, width = (side - _GREY_SIDE + 1 for side in plane.shape)
    if height * width < _GREY_PATCHES_PER_DIMENSION * _GREY_SIDE**2:
        return _sigma_from_laplacian(plane, constant)
    return _sigma_of_patches(plane[:, :, np.newaxis], constant, _GREY_SIDE, flat=_FLAT)


def _sigma_from_laplacian(plane: np.ndarray, constant: np.ndarray) -> float:
    """Immerkær's Laplacian, which is blind to edges, with a median against texture."""
    laplacian = _laplacian(plane)
    windows = np.lib.stride_tricks.sliding_window_view(constant, (3, 3))
    counted = laplacian[~windows.any(axis=(2, 3))]
    # The squares of the mask's nine numbers add up to 36.
    return float(np.median(np.abs(counted)) / (6 * _MEDIAN_OF_NORMAL)) if counted.size else 0.0


def _laplacian(pixels: np.ndarray) -> np.ndarray:
    """...×H×W -> ...×(H-2)×(W-2): zero where brightness changes along rows or columns only."""
    rows = pixels[..., :-2, :] - 2 * pixels[..., 1:-1, :] + pixels[..., 2:, :]
    return rows[..., :-2] - 2 * rows[..., 1:-1] + rows[..., 2:]


def _sigma_of_patches(
    pixels: np.ndarray, constant: np.ndarray, side: int, flat: float | None = None
) -> float:
    """Sigma from the eigenvalues of patches that are neither clipped nor, with `flat`, textured.

    Which patches those are depends on sigma, so that both are found in turns.
    """
    low, high = float(pixels.min()), float(pixels.max())
    patches, constant_share = _sample_patches(pixels, constant, side)  # N×C×side×side
    if not len(patches):
        return 0.0
    if np.mean(patches <= low) < _CLIPPED_SHARE:
        low = -np.inf
    if np.mean(patches >= high) < _CLIPPED_SHARE:
        high = np.inf
    means = patches.mean(axis=(2, 3))  # N×C
    distance = np.minimum(means - low, high - means).min(axis=1)  # N, to black or white
    texture = _texture(patches)  # N
    vectors = patches.reshape(len(patches), -1)  # N×D
    far = np.quantile(distance, 1 - _KEPT_SHARE) if np.isfinite(distance).all() else np.inf
    spread = sigma = _sigma_of_vectors(vectors)
    for _ in range(10):  # three or four turns are usual
        usable = distance >= min(_SAFE_SIGMAS * sigma, far)
        usable &= distance > 0  # all black or all white says nothing
        if not usable.any():
            return 0.0
        if flat is not None:
            smoothest = np.sort(texture[usable])[: 5 * vectors.shape[1]]
            usable &= texture <= max(flat * spread**2, smoothest[-1])
        before = sigma
        spread = _sigma_of_vectors(vectors[usable])
        sigma = _undo_clipping(spread, means[usable], low, high)
        if abs(sigma - before) <= 1e-3 * sigma:
            break
    if constant_share > _CONSTANT_SHARE and np.mean(texture <= 2 * sigma**2) < _NOISE_SHARE:
        return 0.0
    return sigma


def _sample_patches(
    pixels: np.ndarray, constant: np.ndarray, side: int
) -> tuple[np.ndarray, float]:
    """The patches that touch no constant area, all or as many as are looked at.

    Returns:
        H×W×C -> N×C×side×side in float64, and the share of all patches that do touch one.
    """
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (side, side), axis=(0, 1))
    touched = np.lib.stride_tricks.sliding_window_view(constant, (side, side))
    shape = windows.shape[:2]
    number = math.prod(shape)
    wanted = math.ceil(_MAX_PATCHES / max(0.05, 1 - constant.mean()))
    positions = np.arange(min(number, wanted))
    if number > wanted:
        # A regular grid could fall into step with a pattern.
        rng = np.random.default_rng(0)
        positions = np.sort(rng.choice(number, wanted, replace=False, shuffle=False))
    places = np.unravel_index(positions, shape)
    is_free = ~touched[places].any(axis=(1, 2))
    free = tuple(place[is_free] for place in places)
    return windows[free].astype(np.float64), 1 - is_free.mean()


def _texture(patches: np.ndarray) -> np.ndarray:
    """Half the mean square of the differences between neighbours: for noise alone, sigma²."""
    vertical = np.diff(patches, axis=2).reshape(len(patches), -1)
    horizontal = np.diff(patches, axis=3).reshape(len(patches), -1)
    return ((vertical**2).mean(axis=1) + (horizontal**2).mean(axis=1)) / 4


def _sigma_of_vectors(vectors: np.ndarray) -> float:
    """Chen's choice: the mean of the smallest eigenvalues, as many as have it for their median."""
    centred = vectors - vectors.mean(axis=0)
    eigenvalues = np.linalg.eigvalsh(centred.T @ centred / len(centred))  # ascending
    for count in range(len(eigenvalues), 0, -1):
        smallest = eigenvalues[:count]
        mean = smallest.mean()
        # Eigenvalues of the image itself are large, and pull the mean above the median.
        if np.sum(smallest > mean) >= np.sum(smallest < mean):
            break
    return float(np.sqrt(max(mean, 0.0)))


def _undo_clipping(spread: float, means: np.ndarray, low: float, high: float) -> float:
    """The sigma of noise that has this spread after it was clipped to [low, high].

    Finds it, and the means before clipping, step by step; the expectations are sums over a grid.
    """
    if spread == 0 or not (np.isfinite(low) or np.isfinite(high)):
        return spread
    normal = np.linspace(-5, 5, 101)
    weights = np.exp(-(normal**2) / 2)
    weights /= weights.sum()
    clipped_centres = np.quantile(means, np.linspace(0.02, 0.98, 33))
    centres, sigma = clipped_centres.copy(), spread
    for _ in range(30):
        clipped = np.clip(centres[:, np.newaxis] + sigma * normal, low, high)  # 33×101
        expected = clipped @ weights
        variance = ((clipped - expected[:, np.newaxis]) ** 2 @ weights).mean()
        centres += clipped_centres - expected
        # Farther outside, a patch would be clipped without a trace.
        centres = np.clip(centres, low - 2 * sigma, high + 2 * sigma)
        # Black and white alone could come from noise of any strength.
        limit = high - low
        sigma = min(sigma * spread / float(np.sqrt(variance)), limit)
    return sigma
