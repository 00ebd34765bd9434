"""From images to a data set of patches.

Images are opened one by one, as far as memory allows, and then cut by `cutting.py`: no pixel is
ever in two parts.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cae_core.data.cutting import BLOCK_SIDE, cut_parts, part_sizes, split_blocks, split_indices
from cae_core.data.dataset import Dataset, Pixels, check_split
from cae_core.errors import CAEError, DatasetError, ImageError
from cae_core.formats import counted, format_size
from cae_core.images.decoding import IMAGE_SUFFIXES, OpenedImage, over_white
from cae_core.images.operations import to_uint8
from cae_core.long_work import OnProgress, ShouldStop, stop_if

PATCH = 32
MAX_PATCHES = 30_000
OVERLAP = 20  # patches cut from an image per patch that would fit side by side

MIN_WHOLE_IMAGES = 10  # from here on whole images are split among the parts
MAX_SIDE = 1024  # larger images are shrunk before they are cut
MIN_MAX_SIDE = 256  # to which many images are shrunk, so that they fit MAX_KEPT_PIXELS
MAX_KEPT_PIXELS = 32_000_000  # of all images together: 96 MB
MAX_NAMED_PROBLEMS = 5


class PatchSettings(NamedTuple):
    """Settings that images are cut into patches with.

    Attributes:
        patch: Side of a patch in pixels, from 8 to 256.
        seed: Seed of the split, the places of the patches and their mirroring.
        validation_fraction: Share of the images or blocks used for validation.
        test_fraction: Share of the images or blocks used for the test.
        max_patches: At most so many patches in all parts together.
        max_work: No further image is opened after this much work: pixels that were decoded, and
            an eighth of those that were skipped by decoding a JPEG at a fraction of its size.
    """

    patch: int = PATCH
    seed: int = 0
    validation_fraction: float = 0.1
    test_fraction: float = 0.1
    max_patches: int = MAX_PATCHES
    max_work: float = math.inf

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
        label: Its name in notes.
        open: Returns it, reduced to a longest side but not below a shortest, as `read_image` does,
            or raises a `CAEError`.
    """

    label: str
    open: Callable[[int, int], OpenedImage]


def dataset_from_sources(
    sources: Sequence[Source],
    settings: PatchSettings,
    name: str,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Dataset:
    """Open images, split them or blocks of them among three parts, and cut the patches.

    With at least 10 images, whole images are split; with fewer, disjoint blocks of each.
    Patches are cut at the scales 1, 0.75 and 0.5, nearly flat ones are thinned out, and about
    half of the training patches are mirrored. An image with a side below two patches is cut
    into patches side by side instead, as it is. Large images are shrunk first.

    Args:
        sources: The images. Those that can't be used are skipped with a note.
        settings: Settings of the patches.
        name: Name of the data set.
        on_progress: Called with (images done, images in total).
        should_stop: Asked before every image; True stops the work.

    Returns:
        The data set: (patch, patch, 3) images.

    Raises:
        StoppedError: `should_stop()` said so.
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
        should_stop,
    )
    fractions = (settings.validation_fraction, settings.test_fraction)
    if len(images) >= MIN_WHOLE_IMAGES:
        parts = tuple(
            [images[index] for index in part]
            for part in split_indices(len(images), *fractions, rng)
        )
    else:
        parts = split_blocks(images, settings.patch, *fractions, rng)
    if not all(parts):
        wanted = 2 * BLOCK_SIDE * settings.patch
        raise DatasetError(
            "A training, a validation and a test part need at least one piece of an image "
            f"each. Received: {len(images)} usable, different images, too few or too small. "
            f"{''.join(note + ' ' for note in notes)}"
            f"Give at least {MIN_WHOLE_IMAGES}, or one of at least "
            f"{format_size(wanted, wanted)} pixels."
        )
    if len(images) < MIN_WHOLE_IMAGES:
        notes.append(
            f"Split by blocks within each image, because there are fewer than {MIN_WHOLE_IMAGES}: "
            "the parts share images, but no pixel."
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
        source=f"Patches of {counted(len(images), 'image')} ({name}); their owner's terms apply.",
    )


def _open_sources(
    sources: Sequence[Source],
    settings: PatchSettings,
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> tuple[list[Pixels], list[str]]:
    """Open the images, shrunk to what memory allows; return them and notes on the others."""
    images: list[Pixels] = []
    problems: list[tuple[str, str]] = []
    seen: set[bytes] = set()
    kept_pixels = left_out = 0
    work = 0.0
    # As large as allowed if there are few, smaller if there are many.
    fair_side = math.isqrt(MAX_KEPT_PIXELS // max(1, len(sources)))
    longest = min(max(fair_side, MIN_MAX_SIDE), MAX_SIDE)
    for done, source in enumerate(sources):
        stop_if(should_stop, "Loading the images", f"{done:,} of {len(sources):,}")
        if on_progress is not None:
            on_progress(done, len(sources))
        if kept_pixels >= MAX_KEPT_PIXELS or work >= settings.max_work:
            left_out += 1
            continue
        try:
            opened = source.open(longest, settings.patch)
        except CAEError as error:
            problems.append((source.label, str(error)))
            work += error.work if isinstance(error, ImageError) else 0
            continue
        height, width = opened.full_size
        work += opened.work
        if min(height, width) < settings.patch:
            problems.append(
                (source.label, f"{format_size(height, width)} is smaller than a patch.")
            )
            continue
        photo = _pixels(opened)
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
        notes.append(
            f"Left out {counted(left_out, 'image')}: the others are as many as are worked on here."
        )
    if not images:
        raise DatasetError(
            "A data set needs at least one image that can be used. "
            f"Received: {counted(len(sources), 'image')}. "
            f"{''.join(note + ' ' for note in notes)}"
            f"Use images of at least {format_size(settings.patch, settings.patch)} pixels "
            f"({', '.join(suffix[1:] for suffix in IMAGE_SUFFIXES)})."
        )
    return images, notes


def _notes_on(problems: Sequence[tuple[str, str]]) -> list[str]:
    """Name the first few images that were skipped, and count the others."""
    notes = [f"Skipped {label}: {reason}" for label, reason in problems[:MAX_NAMED_PROBLEMS]]
    if len(problems) > MAX_NAMED_PROBLEMS:
        notes.append(f"Skipped {counted(len(problems) - MAX_NAMED_PROBLEMS, 'more image')}.")
    return notes


def _pixels(opened: OpenedImage) -> Pixels:
    """Return an image over white as uint8, (H, W, 3)."""
    pixels = to_uint8(over_white(opened.pixels, opened.opacity))
    return pixels if pixels.ndim == 3 else pixels[..., np.newaxis].repeat(3, axis=2)
