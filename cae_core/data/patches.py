"""From images to the patches of a data set.

Images come from a sequence of arrays (`patches_from_images`), from the photographs that
come with scikit-image (`photo_patches`), or from files (`uploads.py`). They are opened one
by one, as far as memory allows, and then cut as `cutting.py` says: no pixel of an image is
ever shared between two parts.
"""

import hashlib
import importlib.util
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cae_core.data.cutting import BLOCK_SIDE, cut_parts, deal, deal_blocks, part_sizes
from cae_core.data.dataset import Dataset, Pixels, check_split
from cae_core.data.downloads import Cancelled, LoadingCancelledError, Progress
from cae_core.errors import CAEError, DatasetError
from cae_core.images.decoding import IMAGE_SUFFIXES
from cae_core.images.operations import as_image, open_image, resize, to_uint8

PATCH = 32
MAX_PATCHES = 30_000
OVERLAP = 20  # patches cut from an image per patch that would fit side by side

MIN_IMAGES_TO_DEAL = 10  # from here on whole images are dealt to the parts
MAX_SIDE = 1024  # larger images are shrunk before they are cut
MIN_MAX_SIDE = 256  # to which many images are shrunk, so that they fit MAX_KEPT_PIXELS
MAX_KEPT_PIXELS = 32_000_000  # of all images together: 96 MB
MAX_NAMED_PROBLEMS = 5

PHOTO_PATCHES = 25_000
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png")
PHOTOGRAPH_TERMS = (
    "astronaut and rocket: public domain; cat and coffee: CC0; motorcycle: Middlebury 2014 "
    "stereo benchmark (Scharstein et al.), no licence stated"
)


class PatchSettings(NamedTuple):
    """The settings that images are cut with.

    Attributes:
        patch: Side of a patch in pixels, from 8 to 256.
        seed: Of the dealing, the cutting and the mirroring.
        validation_fraction: Share of the images or blocks used for validation.
        test_fraction: Share of the images or blocks used for the test.
        max_patches: At most so many patches in all parts together.
        max_decoded_pixels: No further image is opened once so many pixels were decoded.
    """

    patch: int
    seed: int
    validation_fraction: float
    test_fraction: float
    max_patches: int
    max_decoded_pixels: float = math.inf

    def check(self) -> None:
        """Refuse settings that are out of range.

        Raises:
            DatasetError: One of them is.
        """
        check_split(self.seed, self.validation_fraction, self.test_fraction)
        if isinstance(self.patch, bool) or self.patch not in range(8, 257):
            raise DatasetError(
                f"A patch has a side of 8 to 256 pixels. Received: {self.patch!r}. Use 32."
            )
        if isinstance(self.max_patches, bool) or self.max_patches not in range(3, 1_000_001):
            raise DatasetError(
                "The number of patches is at most 3 to 1,000,000. "
                f"Received: {self.max_patches!r}. Use {MAX_PATCHES}."
            )


class Source(NamedTuple):
    """An image that hasn't been opened yet.

    Attributes:
        label: What it is called in a note.
        open: Returns it as `open_image` does, or raises a `CAEError`.
    """

    label: str
    open: Callable[[], NDArray[np.float32]]


def patches_from_images(
    images: Sequence[NDArray],
    *,
    patch: int = PATCH,
    seed: int = 0,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    name: str = "images",
    notes: Sequence[str] = (),
    max_patches: int = MAX_PATCHES,
) -> Dataset:
    """Cut images into the patches of a data set.

    With at least 10 images, whole images are dealt to the parts; with fewer, disjoint
    blocks of each image are. Patches are cut at the scales 1, 0.75 and 0.5, nearly flat
    ones are thinned out, and about half of the training patches are mirrored. An image
    with a side below two patches is cut into patches side by side instead, as it is. Large
    images are shrunk first.

    Args:
        images: Images as `open_image` returns them: float32, (height, width, 3), in [0, 1];
            uint8 and grey ones as well.
        patch: Side of a patch in pixels, from 8 to 256.
        seed: Of the dealing, the cutting and the mirroring.
        validation_fraction: Share of the images or blocks used for validation.
        test_fraction: Share of the images or blocks used for the test.
        name: Name of the data set.
        notes: Notes to start with.
        max_patches: At most so many patches in all parts together.

    Returns:
        The data set: (patch, patch, 3) images.

    Raises:
        DatasetError: A setting is out of range, or the images are too few or too small
            for three parts.

    Example:
        >>> images = np.random.default_rng(0).random((12, 64, 64, 3), dtype=np.float32)
        >>> patches_from_images(images, name="noise").image_shape
        (32, 32, 3)
    """
    settings = PatchSettings(patch, seed, validation_fraction, test_fraction, max_patches)
    sources = [
        Source(f"image {index}", partial(as_image, image, f"image {index}"))
        for index, image in enumerate(images, start=1)
    ]
    dataset = dataset_from_sources(sources, settings, name)
    return replace(dataset, notes=(*notes, *dataset.notes))


@lru_cache(maxsize=1)  # 77 MB: kept once, for every run and every session
def photo_patches(seed: int, validation_fraction: float, test_fraction: float) -> Dataset:
    """Cut the photographs that come with scikit-image into 25,000 patches.

    Args:
        seed: Of the dealing, the cutting and the mirroring.
        validation_fraction: Share of the blocks of each photograph used for validation.
        test_fraction: Share of the blocks of each photograph used for the test.

    Returns:
        The data set: (32, 32, 3) images; the same object for the same arguments.

    Raises:
        DatasetError: scikit-image is missing, or comes without the photographs.
    """
    rng = np.random.default_rng(seed)
    images = [to_uint8(sample_photograph(file)) for file in PHOTOGRAPHS]
    parts = deal_blocks(images, PATCH, validation_fraction, test_fraction, rng)
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
    folder = photograph_folder()
    if folder is None:
        raise DatasetError(
            "The photographs come with the scikit-image package. "
            "Received: no package with all of them. Install scikit-image 0.25 or 0.26."
        )
    return open_image(folder / file)


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


def dataset_from_sources(
    sources: Sequence[Source],
    settings: PatchSettings,
    name: str,
    on_progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """Open the images, deal them or their blocks, and cut the patches.

    Args:
        sources: The images. Those that can't be used are skipped with a note.
        settings: What they are cut with.
        name: Name of the data set.
        on_progress: Called with (images done, images in total).
        cancelled: Asked before every image; True stops the work.

    Returns:
        The data set: (patch, patch, 3) images.

    Raises:
        LoadingCancelledError: `cancelled()` said so.
        DatasetError: A setting is out of range, or the usable images are too few or too
            small for three parts.
    """
    settings.check()
    rng = np.random.default_rng(settings.seed)
    images, notes = _open_sources(
        # In random order, because memory may not suffice for all of them.
        [sources[index] for index in rng.permutation(len(sources))],
        settings,
        on_progress,
        cancelled,
    )
    fractions = (settings.validation_fraction, settings.test_fraction)
    if len(images) >= MIN_IMAGES_TO_DEAL:
        parts = tuple(
            [images[index] for index in part] for part in deal(len(images), *fractions, rng)
        )
    else:
        parts = deal_blocks(images, settings.patch, *fractions, rng)
    if not all(parts):
        wanted = 2 * BLOCK_SIDE * settings.patch
        raise DatasetError(
            "A training, a validation and a test part need at least one piece of an image "
            f"each. Received: {len(images)} usable, different images, too few or too small. "
            f"{''.join(note + ' ' for note in notes)}"
            f"Give at least {MIN_IMAGES_TO_DEAL}, or one of at least {wanted}×{wanted} pixels."
        )
    if len(images) < MIN_IMAGES_TO_DEAL:
        notes.append(
            f"Split by blocks within each image, because {len(images)} images are fewer "
            f"than {MIN_IMAGES_TO_DEAL}: the parts share images, but no pixel."
        )
    area = sum(image.shape[0] * image.shape[1] for image in images)
    patches = min(settings.max_patches, OVERLAP * area // settings.patch**2)
    train, validation, test = cut_parts(parts, part_sizes(patches, *fractions), settings.patch, rng)
    return Dataset(
        name,
        train=train,
        validation=validation,
        test=test,
        notes=tuple(notes),
        source=f"Patches of {len(images):,} images ({name}); their owner's terms apply.",
    )


def _open_sources(
    sources: Sequence[Source],
    settings: PatchSettings,
    on_progress: Progress | None,
    cancelled: Cancelled | None,
) -> tuple[list[Pixels], list[str]]:
    """Open the images, shrunk to what memory allows; return them and notes on the others."""
    images: list[Pixels] = []
    problems: list[tuple[str, str]] = []
    seen: set[bytes] = set()
    kept_pixels = decoded_pixels = left_out = 0
    # As large as allowed if there are few, smaller if there are many.
    fair_side = math.isqrt(MAX_KEPT_PIXELS // max(1, len(sources)))
    longest = min(max(fair_side, MIN_MAX_SIDE), MAX_SIDE)
    for done, source in enumerate(sources):
        if cancelled is not None and cancelled():
            raise LoadingCancelledError(
                "Loading the images was stopped. Received: a request to stop after "
                f"{done:,} of {len(sources):,}. Start it again whenever you like."
            )
        if on_progress is not None:
            on_progress(done, len(sources))
        if kept_pixels >= MAX_KEPT_PIXELS or decoded_pixels >= settings.max_decoded_pixels:
            left_out += 1
            continue
        try:
            image = source.open()
        except CAEError as error:
            problems.append((source.label, str(error)))
            continue
        height, width = image.shape[:2]
        decoded_pixels += height * width
        if min(height, width) < settings.patch:
            problems.append((source.label, f"{height}×{width} is smaller than a patch."))
            continue
        photo = _shrunk(image, longest, settings.patch)
        fingerprint = hashlib.sha256(repr(photo.shape).encode() + photo.tobytes()).digest()
        if fingerprint in seen:  # twins in two parts would give the test away
            problems.append((source.label, "it equals another image."))
            continue
        seen.add(fingerprint)
        kept_pixels += photo.shape[0] * photo.shape[1]
        images.append(photo)
    if on_progress is not None:
        on_progress(len(sources), len(sources))
    notes = _notes_on(sorted(problems))
    if left_out:
        notes.append(f"Left out {left_out:,} images: the others are as many as memory allows.")
    if not images:
        raise DatasetError(
            "A data set needs at least one image that can be used. "
            f"Received: {len(sources)} images. {' '.join(notes)} "
            f"Use images of at least {settings.patch}×{settings.patch} pixels "
            f"({', '.join(suffix[1:] for suffix in IMAGE_SUFFIXES)})."
        )
    return images, notes


def _notes_on(problems: Sequence[tuple[str, str]]) -> list[str]:
    """Name the first few images that were skipped, and count the others."""
    notes = [f"Skipped {label}: {reason}" for label, reason in problems[:MAX_NAMED_PROBLEMS]]
    if len(problems) > MAX_NAMED_PROBLEMS:
        notes.append(f"Skipped {len(problems) - MAX_NAMED_PROBLEMS:,} more images.")
    return notes


def _shrunk(image: NDArray[np.float32], longest: int, patch: int) -> Pixels:
    """Return the image as uint8, its longer side at most `longest`, no side below `patch`."""
    height, width = image.shape[:2]
    scale = max(longest / max(height, width), patch / min(height, width))
    if scale < 1:
        image = resize(image, max(patch, round(height * scale)), max(patch, round(width * scale)))
    return to_uint8(image)
