"""Sample images, which are always there: photographs, patches of them, drawn digits.

The photographs come with scikit-image, but for three that are noisy, in `high_iso` with their
notice. `photo_patches` is a data set that needs no download. A card's figures are checked on 200 of
its patches, or on digits that are drawn here, with a typeface in place of a hand, since handwritten
ones would have to be fetched.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cae_core.data.cutting import cut_parts, part_sizes, split_blocks
from cae_core.data.dataset import Dataset
from cae_core.data.patches import PATCH
from cae_core.errors import DatasetError
from cae_core.images.decoding import open_image
from cae_core.images.encoding import encode_jpeg
from cae_core.images.operations import to_uint8

PHOTO_PATCHES = 25_000
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png")
PHOTOGRAPH_TERMS = (
    "astronaut and rocket: public domain; cat and coffee: CC0; motorcycle: Middlebury 2014 "
    "stereo benchmark (Scharstein et al.), no licence stated"
)

HIGH_ISO = {
    "leaves": "Nikon D800, ISO 4000",
    "cables": "Canon 5D Mark II, ISO 6400",
    "printer": "Canon 80D, ISO 12800",
}
"""Camera of the crops of real photographs in `high_iso`; of the test part of real_noise."""
HIGH_ISO_TERMS = "(c) 2018 The Hong Kong Polytechnic University (Xu et al.), non-commercial use"

SAMPLE_CHECK = "200 sample patches"
DRAWN_CHECK = "200 drawn digits"
COUNT = 200
# Variance of the noise of a high-ISO photograph: by signal, and without any.
_SHOT, _READ, _GAMMA = 4e-3, 3e-5, 2.2
_GREY_SIDE, _DIGIT_SIZE, _LARGEST_TILT, _LARGEST_SHIFT = 28, 25, 12, 2


def sample_photograph(file: str) -> NDArray[np.float32]:
    """Open one of the photographs that come with scikit-image.

    Args:
        file: One of `PHOTOGRAPHS`.

    Returns:
        float32 (H, W, 3) in [0, 1].

    Raises:
        DatasetError: They are not where scikit-image has them.

    Example:
        >>> sample_photograph("chelsea.png").shape
        (300, 451, 3)
    """
    return open_image(photograph_path(file))


@lru_cache(maxsize=4)
def high_iso_photograph(file: str) -> bytes:
    """One of the photographs as a camera would have saved it in the dark; the noise is simulated.

    Shot and read noise on a mosaic of colours, white balance, bilinear demosaicing, gamma, JPEG of
    quality 92. As demosaicing blurs more than cameras do, only the noise goes that way.

    Args:
        file: One of `PHOTOGRAPHS`.

    Returns:
        The content of a JPEG file.

    Raises:
        DatasetError: They are not where scikit-image has them.

    Example:
        >>> open_image(high_iso_photograph("chelsea.png")).shape
        (300, 451, 3)
    """
    clean = sample_photograph(file)
    gains = np.array([2.0, 1.0, 1.6], np.float32)
    seen = _bayer_masks(*clean.shape[:2])  # (H, W, 3)
    mosaic = clean**_GAMMA / gains * seen
    drawn = np.random.default_rng(0).standard_normal(mosaic.shape, dtype=np.float32)
    noisy = mosaic + np.sqrt(_SHOT * mosaic + _READ) * drawn * seen
    pair = [
        np.clip(gains * _demosaiced(one, seen), 0, 1) ** (1 / _GAMMA) for one in (noisy, mosaic)
    ]
    return encode_jpeg(np.clip(clean + pair[0] - pair[1], 0, 1), quality=92)


def noisy_photograph_paths(name: str) -> tuple[Path, Path]:
    """Find a crop of a photograph that a camera took at high ISO.

    Args:
        name: One of `HIGH_ISO`.

    Returns:
        The noisy photograph, and the mean of many shots of the scene, which has hardly any noise.

    Example:
        >>> [open_image(path).shape for path in noisy_photograph_paths("leaves")]
        [(512, 512, 3), (512, 512, 3)]
    """
    folder = Path(__file__).with_name("high_iso")
    return folder / f"{name}.jpg", folder / f"{name}_mean.jpg"


def _bayer_masks(height: int, width: int) -> NDArray[np.float32]:
    """Where a camera's sensor sees red, green and blue: 1, else 0, (H, W, 3)."""
    rows, columns = np.mgrid[:height, :width] % 2
    colour = rows + columns  # 0 red, 1 green, 2 blue
    return (colour[..., np.newaxis] == np.arange(3)).astype(np.float32)


def _demosaiced(mosaic: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The mean of the seen neighbours at every place, the nearer counting double."""
    from scipy.ndimage import correlate1d

    def spread(values: np.ndarray) -> np.ndarray:
        along = correlate1d(values, [1, 2, 1], axis=0, mode="mirror")
        return correlate1d(along, [1, 2, 1], axis=1, mode="mirror")

    return spread(mosaic) / spread(seen)


def photograph_path(file: str) -> Path:
    """Find one of the photographs that come with scikit-image.

    Args:
        file: One of `PHOTOGRAPHS`.

    Raises:
        DatasetError: They are not where scikit-image has them.
    """
    folder = photograph_folder()
    if folder is None:
        raise DatasetError(
            "The photographs come with the scikit-image package. "
            "Received: no package with all of them. Install scikit-image 0.25 or 0.26."
        )
    return folder / file


def photograph_folder() -> Path | None:
    """Find the photographs in the scikit-image package, without importing it.

    Returns:
        Their folder, or None where one is missing.
    """
    spec = importlib.util.find_spec("skimage")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(package) / "data"
        if all((folder / file).is_file() for file in PHOTOGRAPHS):
            return folder
    return None


@lru_cache(maxsize=1)  # 77 MB: kept once, for every run and every session
def photo_patches(seed: int, validation_fraction: float, test_fraction: float) -> Dataset:
    """Cut the photographs that come with scikit-image into 25,000 patches.

    Args:
        seed: Seed of the split, the places of the patches and their mirroring.
        validation_fraction: Share of the blocks of each photograph used for validation.
        test_fraction: Share of the blocks of each photograph used for the test.

    Returns:
        The data set: (32, 32, 3) images; the same object for the same arguments.

    Raises:
        DatasetError: scikit-image is missing, or comes without the photographs.
    """
    rng = np.random.default_rng(seed)
    images = [to_uint8(sample_photograph(file)) for file in PHOTOGRAPHS]
    parts = split_blocks(images, PATCH, validation_fraction, test_fraction, rng)
    train, validation, test = cut_parts(
        parts, part_sizes(PHOTO_PATCHES, validation_fraction, test_fraction), PATCH, rng
    )
    return Dataset(
        "photo_patches",
        train=train,
        validation=validation,
        test=test,
        source="Patches of five photographs that come with scikit-image, split by disjoint "
        f"blocks of each: {PHOTOGRAPH_TERMS}.",
    )


def sample_check_name(shape: tuple[int, int, int]) -> str:
    """Name of the sample images of a shape on a card.

    Example:
        >>> sample_check_name((28, 28, 1))
        '200 drawn digits'
    """
    return SAMPLE_CHECK if shape[2] == 3 else DRAWN_CHECK


def sample_check_images(shape: tuple[int, int, int] = (32, 32, 3)) -> np.ndarray:
    """Sample images of a network's input shape.

    Args:
        shape: (32, 32, 3) or (28, 28, 1).

    Returns:
        uint8 (200, H, W, C).

    Example:
        >>> sample_check_images((28, 28, 1)).shape
        (200, 28, 28, 1)
    """
    if shape[2] == 3:
        return photo_patches(0, 0.1, 0.1).test[:COUNT]
    return drawn_digits(COUNT)


def drawn_digits(count: int) -> np.ndarray:
    """Digits in a typeface, tilted and moved a little: 0 to 9, then again.

    Args:
        count: Their number; the same ones every time.

    Returns:
        White on black, uint8 (count, 28, 28, 1).

    Example:
        >>> digits = drawn_digits(20)
        >>> int(digits[:, 0].max()), int(digits.max()) > 200
        (0, True)
    """
    rng = np.random.default_rng(0)
    font = ImageFont.load_default(_DIGIT_SIZE)
    centre = _GREY_SIDE / 2
    images = []
    for index in range(count):
        image = Image.new("L", (_GREY_SIDE, _GREY_SIDE))
        place = tuple(centre + rng.uniform(-_LARGEST_SHIFT, _LARGEST_SHIFT, size=2))
        ImageDraw.Draw(image).text(
            place, str(index % 10), fill=255, font=font, anchor="mm", stroke_width=0.6
        )
        tilt = rng.uniform(-_LARGEST_TILT, _LARGEST_TILT)
        images.append(np.asarray(image.rotate(tilt, Image.Resampling.BICUBIC)))
    return np.stack(images)[..., np.newaxis]
