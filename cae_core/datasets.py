"""Data sets: a name, a folder or uploaded pictures -> train / validation / test.

Three roads lead to a `Dataset`:

* a public set with its own test part (`cifar10`, `mnist`, `fashion_mnist`): that part is
  kept whole, validation is drawn from the rest;
* `photo_patches`: small patches of the photographs that come with scikit-image, so that
  there is always something to train with, without a download;
* pictures of one's own (`load_folder`, `load_uploads`, `patches_from_images`), cut into
  patches.

No pixel of a picture is ever shared between two parts: pictures are dealt whole, and
where there are too few of them, each is first divided into blocks, the blocks are dealt,
and patches are cut (and scaled) within one block.
"""

import difflib
import hashlib
import importlib.util
import math
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from io import BytesIO
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cae_core import downloads
from cae_core.downloads import Cancelled, LoadingCancelledError, Progress
from cae_core.errors import CAEError, DatasetError
from cae_core.images import MAX_FILE_BYTES, as_image, open_image, resize, to_uint8

Pixels = NDArray[np.uint8]

PATCH = 32
PHOTO_PATCHES = 25_000
PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png")
SCALES = (1.0, 0.75, 0.5)
BLOCK_SIDE = 3  # in patches: blocks of about 96 pixels for patches of 32
FLAT_STD = 8.0  # of the grey values 0..255; below it a patch shows next to nothing
FLAT_KEPT = 0.1  # the share of nearly flat positions that stay: skies exist too
OVERLAP = 20  # patches cut from a picture per patch that would fit side by side

MAX_PATCHES = 30_000
MIN_IMAGES_TO_DEAL = 10  # from here on whole pictures are dealt to the parts
MAX_SIDE = 1024  # larger pictures are shrunk before they are cut
MIN_MAX_SIDE = 256  # to which many pictures are shrunk, so that they fit MAX_KEPT_PIXELS
MAX_KEPT_PIXELS = 32_000_000  # of all pictures together: 96 MB
MAX_UPLOADED_PIXELS = 2_000_000_000  # decoded from one upload: about a minute of work

MAX_ZIP_ENTRIES = 20_000
MAX_UNZIPPED_BYTES = 512 * 2**20
MAX_NAMED_PROBLEMS = 5
IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")


class DatasetInfo(NamedTuple):
    """What a select box shows of a data set, known without loading it.

    Attributes:
        title: Its name for people.
        image_shape: (height, width, channels).
        sizes: Numbers of training, validation and test images, by default.
        terms: Its licence, as far as it has one.
        description: One sentence.
    """

    title: str
    image_shape: tuple[int, int, int]
    sizes: tuple[int, int, int]
    terms: str
    description: str


DATASETS: dict[str, DatasetInfo] = {
    "photo_patches": DatasetInfo(
        "Photo patches",
        (32, 32, 3),
        (20_000, 2_500, 2_500),
        "astronaut and rocket: public domain; cat and coffee: CC0; motorcycle: Middlebury 2014 "
        "stereo benchmark (Scharstein et al.), no licence stated",
        "Colour patches of the five photographs that come with scikit-image; needs no download.",
    ),
    "cifar10": DatasetInfo(
        "CIFAR-10",
        (32, 32, 3),
        (45_000, 5_000, 10_000),
        "Krizhevsky 2009; no licence stated",
        "Small colour photographs of ten kinds of animals and vehicles.",
    ),
    "mnist": DatasetInfo(
        "MNIST",
        (28, 28, 1),
        (54_000, 6_000, 10_000),
        "LeCun, Cortes and Burges; CC BY-SA 3.0",
        "Handwritten digits, white on black.",
    ),
    "fashion_mnist": DatasetInfo(
        "Fashion-MNIST",
        (28, 28, 1),
        (54_000, 6_000, 10_000),
        "Zalando SE; MIT licence",
        "Grey pictures of ten kinds of clothing and shoes.",
    ),
}
"""The data sets that have a name; the first is the default of the app."""

DATASET_NAMES = tuple(DATASETS)


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Images in three parts that share no image and no pixel.

    The arrays are read-only views: one data set can serve many readers.

    Attributes:
        name: What it is called in reports.
        train: uint8, (images, height, width, channels), values 0 to 255.
        validation: The same, for decisions during training.
        test: The same, touched once, at the end.
        notes: What a user should know, such as files that were skipped.
        source: One sentence on where it is from and its terms.

    Raises:
        DatasetError: A part is empty, isn't uint8 NHWC with 1 or 3 channels, or its images
            have another shape than those of the other parts.

    Example:
        >>> part = np.zeros((4, 28, 28, 1), np.uint8)
        >>> Dataset("zeros", train=part, validation=part[:1], test=part[:1])
        Dataset('zeros': 4 training, 1 validation, 1 test images of 28×28×1)
    """

    name: str
    train: Pixels
    validation: Pixels
    test: Pixels
    notes: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        """Check the parts and make them read-only."""
        for part in ("train", "validation", "test"):
            images = getattr(self, part)
            _check_part(part, images)
            if images.shape[1:] != self.train.shape[1:]:
                raise DatasetError(
                    "All images of a data set have one shape. "
                    f"Received: {_times(images.shape[1:])} in {part}, "
                    f"{_times(self.train.shape[1:])} in train. Resize them to one shape."
                )
            view = images.view()
            view.flags.writeable = False
            object.__setattr__(self, part, view)  # the one moment a frozen dataclass is set up

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every image."""
        height, width, channels = self.train.shape[1:]
        return height, width, channels

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}: {len(self.train):,} training, "
            f"{len(self.validation):,} validation, {len(self.test):,} test images "
            f"of {_times(self.image_shape)})"
        )


def load_dataset(
    name: str | Path,
    *,
    seed: int = 0,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    limit: int | None = None,
    on_progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """Load a data set by name, or the images in a folder.

    `cifar10`, `mnist` and `fashion_mnist` are read from `<name>.npz` (x_train, x_test) in
    the folder that the environment variable CAE_DATA_DIR names, else from Keras's cache,
    into which they are downloaded if need be. They have a test part of their own, which is
    kept whole and in order; `test_fraction` says nothing about them, and validation is
    `validation_fraction` of their training part.

    Args:
        name: One of `DATASET_NAMES`, or the path of a folder of images.
        seed: Of the split, the choice of patches and the `limit`.
        validation_fraction: Share of the images used for validation.
        test_fraction: Share of the images used for the test.
        limit: At most so many training images, chosen at random, for quick runs; the other
            parts shrink in proportion.
        on_progress: Called with (done, total) in long work: bytes of a download, files of a
            folder.
        cancelled: Asked during long work; True stops it.

    Returns:
        The data set.

    Raises:
        LoadingCancelledError: `cancelled()` said so.
        DatasetError: The name is unknown, a setting is out of range, or the data can't be
            found, fetched or read.

    Example:
        >>> load_dataset("photo_patches", limit=1000)
        Dataset('photo_patches': 1,000 training, 125 validation, 125 test images of 32×32×3)
    """
    _check_split(seed, validation_fraction, test_fraction)
    _check_limit(limit)
    if name == "photo_patches":
        dataset = _photo_patches(seed, validation_fraction, test_fraction)
    elif name in downloads.REMOTE_FILES:
        dataset = _public_dataset(str(name), seed, validation_fraction, on_progress, cancelled)
    elif Path(name).is_dir():
        dataset = load_folder(
            name,
            seed=seed,
            validation_fraction=validation_fraction,
            test_fraction=test_fraction,
            on_progress=on_progress,
            cancelled=cancelled,
        )
    else:
        raise _unknown(str(name))
    return dataset if limit is None else _limited(dataset, limit, seed)


def is_available(name: str | Path) -> bool:
    """Say whether a data set is on this machine, without loading it or importing Keras.

    Args:
        name: As for `load_dataset`.

    Returns:
        True if `load_dataset` needs no network for it. False for unknown names.

    Example:
        >>> is_available("photo_patches")
        True
    """
    if name == "photo_patches":
        return _photograph_folder() is not None
    if name in downloads.REMOTE_FILES:
        return _npz_path(str(name)) is not None or downloads.is_downloaded(str(name))
    return Path(name).is_dir()


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
    """Cut pictures into the patches of a data set.

    With at least 10 pictures, whole pictures are dealt to the parts; with fewer, disjoint
    blocks of each picture are. Patches are cut at the scales 1, 0.75 and 0.5, nearly flat
    ones are thinned out, and about half of the training patches are mirrored. A picture
    with a side below two patches is cut into patches side by side instead, as it is. Large
    pictures are shrunk first.

    Args:
        images: Pictures as `open_image` returns them: float32, (height, width, 3), in [0, 1];
            uint8 and grey ones as well.
        patch: Side of a patch in pixels, from 8 to 256.
        seed: Of the dealing, the cutting and the mirroring.
        validation_fraction: Share of the pictures or blocks used for validation.
        test_fraction: Share of the pictures or blocks used for the test.
        name: Name of the data set.
        notes: Notes to start with.
        max_patches: At most so many patches in all parts together.

    Returns:
        The data set: (patch, patch, 3) images.

    Raises:
        DatasetError: A setting is out of range, or the pictures are too few or too small
            for three parts.

    Example:
        >>> pictures = np.random.default_rng(0).random((12, 64, 64, 3), dtype=np.float32)
        >>> patches_from_images(pictures, name="noise").image_shape
        (32, 32, 3)
    """
    cut = _Cut(patch, seed, validation_fraction, test_fraction, max_patches)
    sources = [
        _Source(f"picture {index}", partial(as_image, image, f"picture {index}"))
        for index, image in enumerate(images, start=1)
    ]
    dataset = _dataset_of_sources(sources, cut, name)
    return replace(dataset, notes=(*notes, *dataset.notes))


def load_folder(
    path: str | Path,
    *,
    patch: int = PATCH,
    seed: int = 0,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    max_patches: int = MAX_PATCHES,
    on_progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """Cut the images in a folder and its subfolders into the patches of a data set.

    Files that aren't images by their suffix are ignored; images that can't be used are
    skipped with a note.

    Args:
        path: The folder.
        patch: Side of a patch in pixels, from 8 to 256.
        seed: Of the dealing, the cutting and the mirroring.
        validation_fraction: Share of the pictures or blocks used for validation.
        test_fraction: Share of the pictures or blocks used for the test.
        max_patches: At most so many patches in all parts together.
        on_progress: Called with (files done, files in total).
        cancelled: Asked before every file; True stops the work.

    Returns:
        The data set, as `patches_from_images` describes it.

    Raises:
        LoadingCancelledError: `cancelled()` said so.
        DatasetError: There is no such folder, no usable image in it, or a setting is out of
            range.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise DatasetError(
            f"A folder of images has to exist. Received: {str(path)!r}. Check its spelling."
        )
    cut = _Cut(patch, seed, validation_fraction, test_fraction, max_patches)
    files = sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in IMAGE_SUFFIXES and file.is_file()
    )
    sources = [
        _Source(file.relative_to(folder).as_posix(), partial(open_image, file)) for file in files
    ]
    return _dataset_of_sources(sources, cut, folder.resolve().name, on_progress, cancelled)


def load_uploads(
    files: Sequence[tuple[str, bytes]],
    *,
    patch: int = PATCH,
    seed: int = 0,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    max_patches: int = MAX_PATCHES,
    on_progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """Cut uploaded images, and the images in uploaded zip archives, into a data set.

    Archives are read in memory; nothing is written to disk. How many entries they have and
    how large these become is limited. Folders, archives within archives and `__MACOSX` are
    ignored; images that can't be used are skipped with a note.

    Args:
        files: Names and contents of the uploaded files.
        patch: Side of a patch in pixels, from 8 to 256.
        seed: Of the dealing, the cutting and the mirroring.
        validation_fraction: Share of the pictures or blocks used for validation.
        test_fraction: Share of the pictures or blocks used for the test.
        max_patches: At most so many patches in all parts together.
        on_progress: Called with (images done, images in total).
        cancelled: Asked before every image; True stops the work.

    Returns:
        The data set, as `patches_from_images` describes it.

    Raises:
        LoadingCancelledError: `cancelled()` said so.
        DatasetError: No image is usable, an archive is over the limits or broken, or a
            setting is out of range.
    """
    cut = _Cut(patch, seed, validation_fraction, test_fraction, max_patches, MAX_UPLOADED_PIXELS)
    with ExitStack() as open_archives:
        sources: list[_Source] = []
        unzipped_bytes = 0
        for name, content in files:
            if Path(name).suffix.lower() != ".zip":
                sources.append(_Source(name, partial(open_image, content)))
                continue
            archive = open_archives.enter_context(_open_zip(name, content))
            entries = [entry for entry in archive.infolist() if _is_picture_entry(entry)]
            unzipped_bytes += sum(entry.file_size for entry in entries)
            sources += [
                _Source(f"{name}/{entry.filename}", partial(_open_entry, archive, entry))
                for entry in entries
            ]
        # What an entry says of its size is a promise; `_open_entry` holds it to it.
        if unzipped_bytes > MAX_UNZIPPED_BYTES:
            raise DatasetError(
                f"Zip archives may hold up to {MAX_UNZIPPED_BYTES // 2**20} MB of pictures. "
                f"Received: {unzipped_bytes // 2**20:,} MB. Upload fewer pictures."
            )
        return _dataset_of_sources(
            sources,
            cut,
            "uploads",
            on_progress,
            cancelled,
        )


# Checks of what a user hands in


def _times(shape: Sequence[int]) -> str:
    """Write a shape as 32×32×3."""
    return "×".join(str(side) for side in shape)


def _check_part(part: str, images: Pixels) -> None:
    """Refuse a part that isn't a non-empty uint8 NHWC array with 1 or 3 channels."""
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise DatasetError(
            f"The {part} part is a uint8 array of shape (images, height, width, 1 or 3). "
            f"Received: {images.dtype}, shape {images.shape}. Convert it first."
        )
    if images.size == 0:
        raise DatasetError(
            f"The {part} part holds at least one image. Received: shape {images.shape}. "
            "Use more images, or other fractions."
        )


def _check_split(seed: int, validation_fraction: float, test_fraction: float) -> None:
    """Refuse a seed or fractions that nothing can be split with."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise DatasetError(f"A seed is a whole number from 0 on. Received: {seed!r}. Use 0.")
    if not (
        validation_fraction > 0 and test_fraction > 0 and validation_fraction + test_fraction < 1
    ):
        raise DatasetError(
            "The validation and test fractions are above 0 and below 1 together. "
            f"Received: {validation_fraction!r} and {test_fraction!r}. Use 0.1 and 0.1."
        )


def _check_limit(limit: int | None) -> None:
    """Refuse a limit that isn't a number of images."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise DatasetError(
            "The limit is a number of training images from 1 on, or None. "
            f"Received: {limit!r}. Use 1000, for example."
        )


def _unknown(name: str) -> DatasetError:
    """Return the error for a name that is neither a data set nor a folder."""
    near = difflib.get_close_matches(name.lower(), DATASET_NAMES, n=1)
    remedy = f"Did you mean {near[0]!r}?" if near else "Check its spelling."
    return DatasetError(
        f"A data set is one of {', '.join(DATASET_NAMES)}, or the path of a folder of images. "
        f"Received: {name!r}. {remedy}"
    )


# Public data sets with a test part of their own


def _npz_path(name: str) -> Path | None:
    """Return the path of `<name>.npz` in CAE_DATA_DIR, if it is there."""
    folder = os.environ.get("CAE_DATA_DIR")
    if not folder:
        return None
    path = Path(folder) / f"{name}.npz"
    return path if path.is_file() else None


def _public_dataset(
    name: str,
    seed: int,
    validation_fraction: float,
    on_progress: Progress | None,
    cancelled: Cancelled | None,
) -> Dataset:
    """Load a public data set from the nearest place, and draw its validation part."""
    path = _npz_path(name)
    if path is not None:
        original_train, test = _read_npz(path)
    else:
        downloads.download(name, on_progress, cancelled)
        original_train, test = _load_with_keras(name)
    info = DATASETS[name]
    if original_train.ndim == 3:  # grey images come as (images, height, width)
        original_train, test = original_train[..., None], test[..., None]
    for part, images in (("x_train", original_train), ("x_test", test)):
        if images.dtype != np.uint8 or images.shape[1:] != info.image_shape:
            raise DatasetError(
                f"{part} of {name} is uint8, (images, {', '.join(map(str, info.image_shape))}). "
                f"Received: {images.dtype}, {images.shape}, from {path or 'Keras'}. "
                "Replace the file."
            )
    order = np.random.default_rng(seed).permutation(len(original_train))
    drawn = max(1, round(len(original_train) * validation_fraction))
    return Dataset(
        name,
        train=original_train[np.sort(order[drawn:])],
        validation=original_train[np.sort(order[:drawn])],
        test=test,
        source=f"{info.title}, with its original test part: {info.terms}.",
    )


def _read_npz(path: Path) -> tuple[Pixels, Pixels]:
    """Read x_train and x_test of an .npz file, never unpickling anything."""
    try:
        # Opened here, because np.load leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return arrays["x_train"], arrays["x_test"]
    except (KeyError, TypeError, *_BROKEN_ZIP) as error:  # TypeError: a single array
        raise DatasetError(
            f"{path.name} holds the arrays x_train and x_test. Received: {path} ({error}). "
            "Replace or remove the file."
        ) from error


def _load_with_keras(name: str) -> tuple[Pixels, Pixels]:
    """Read a data set whose files are in Keras's cache."""
    import keras

    (x_train, _), (x_test, _) = getattr(keras.datasets, name).load_data()
    return x_train, x_test


def _limited(dataset: Dataset, limit: int, seed: int) -> Dataset:
    """Return a random subset with `limit` training images and the parts in proportion."""
    whole = len(dataset.train)
    if limit >= whole:
        return dataset
    rng = np.random.default_rng(seed)

    def subset(images: Pixels) -> Pixels:
        kept = max(1, round(len(images) * limit / whole))
        return images[np.sort(rng.choice(len(images), kept, replace=False))]

    return replace(
        dataset,
        train=subset(dataset.train),
        validation=subset(dataset.validation),
        test=subset(dataset.test),
        notes=(*dataset.notes, f"Limited to {limit:,} of {whole:,} training images."),
    )


# photo_patches


def _photograph_folder() -> Path | None:
    """Find the photographs in the scikit-image package, without importing it."""
    spec = importlib.util.find_spec("skimage")
    for package in (spec.submodule_search_locations or ()) if spec else ():
        folder = Path(package) / "data"
        if all((folder / file).is_file() for file in PHOTOGRAPHS):
            return folder
    return None


@lru_cache(maxsize=1)  # 77 MB: kept once, for every run and every session
def _photo_patches(seed: int, validation_fraction: float, test_fraction: float) -> Dataset:
    """Cut the photographs that come with scikit-image into 25,000 patches."""
    folder = _photograph_folder()
    if folder is None:
        raise DatasetError(
            "photo_patches is cut from the photographs in the scikit-image package. "
            "Received: no package with all of them. Install scikit-image 0.25 or 0.26."
        )
    rng = np.random.default_rng(seed)
    pictures = [to_uint8(open_image(folder / file)) for file in PHOTOGRAPHS]
    parts = _deal_blocks(pictures, PATCH, validation_fraction, test_fraction, rng)
    train, validation, test = _cut_parts(
        parts, _part_sizes(PHOTO_PATCHES, validation_fraction, test_fraction), PATCH, rng
    )
    return Dataset(
        "photo_patches",
        train=train,
        validation=validation,
        test=test,
        source="Patches of five photographs that come with scikit-image, split by disjoint "
        f"blocks of each: {DATASETS['photo_patches'].terms}.",
    )


# From pictures to patches


class _Cut(NamedTuple):
    """The settings that pictures are cut with."""

    patch: int
    seed: int
    validation_fraction: float
    test_fraction: float
    max_patches: int
    max_decoded_pixels: float = math.inf

    def check(self) -> None:
        """Refuse settings that are out of range."""
        _check_split(self.seed, self.validation_fraction, self.test_fraction)
        if isinstance(self.patch, bool) or self.patch not in range(8, 257):
            raise DatasetError(
                f"A patch has a side of 8 to 256 pixels. Received: {self.patch!r}. Use 32."
            )
        if isinstance(self.max_patches, bool) or self.max_patches not in range(3, 1_000_001):
            raise DatasetError(
                "The number of patches is at most 3 to 1,000,000. "
                f"Received: {self.max_patches!r}. Use {MAX_PATCHES}."
            )


class _Source(NamedTuple):
    """A picture that hasn't been opened yet."""

    label: str
    open: Callable[[], NDArray[np.float32]]


def _dataset_of_sources(
    sources: Sequence[_Source],
    cut: _Cut,
    name: str,
    on_progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Dataset:
    """Open the pictures, deal them or their blocks, and cut the patches."""
    cut.check()
    rng = np.random.default_rng(cut.seed)
    pictures, notes = _open_sources(
        # In random order, because memory may not suffice for all of them.
        [sources[index] for index in rng.permutation(len(sources))],
        cut,
        on_progress,
        cancelled,
    )
    fractions = (cut.validation_fraction, cut.test_fraction)
    if len(pictures) >= MIN_IMAGES_TO_DEAL:
        parts = tuple(
            [pictures[index] for index in part] for part in deal(len(pictures), *fractions, rng)
        )
    else:
        parts = _deal_blocks(pictures, cut.patch, *fractions, rng)
    if not all(parts):
        wanted = 2 * BLOCK_SIDE * cut.patch
        raise DatasetError(
            "A training, a validation and a test part need at least one piece of a picture "
            f"each. Received: {len(pictures)} usable, different pictures, too few or too small. "
            f"{''.join(note + ' ' for note in notes)}"
            f"Give at least {MIN_IMAGES_TO_DEAL}, or one of at least {wanted}×{wanted} pixels."
        )
    if len(pictures) < MIN_IMAGES_TO_DEAL:
        notes.append(
            f"Split by blocks within each picture, because {len(pictures)} pictures are fewer "
            f"than {MIN_IMAGES_TO_DEAL}: the parts share pictures, but no pixel."
        )
    area = sum(picture.shape[0] * picture.shape[1] for picture in pictures)
    patches = min(cut.max_patches, OVERLAP * area // cut.patch**2)
    train, validation, test = _cut_parts(parts, _part_sizes(patches, *fractions), cut.patch, rng)
    return Dataset(
        name,
        train=train,
        validation=validation,
        test=test,
        notes=tuple(notes),
        source=f"Patches of {len(pictures):,} pictures ({name}); their owner's terms apply.",
    )


def _open_sources(
    sources: Sequence[_Source],
    cut: _Cut,
    on_progress: Progress | None,
    cancelled: Cancelled | None,
) -> tuple[list[Pixels], list[str]]:
    """Open the pictures, shrunk to what memory allows; return them and notes on the others."""
    pictures: list[Pixels] = []
    problems: list[tuple[str, str]] = []
    seen: set[bytes] = set()
    kept_pixels = decoded_pixels = left_out = 0
    # As large as allowed if there are few, smaller if there are many.
    fair_side = math.isqrt(MAX_KEPT_PIXELS // max(1, len(sources)))
    longest = min(max(fair_side, MIN_MAX_SIDE), MAX_SIDE)
    for done, source in enumerate(sources):
        if cancelled is not None and cancelled():
            raise LoadingCancelledError(
                "Loading the pictures was stopped. Received: a request to stop after "
                f"{done:,} of {len(sources):,}. Start it again whenever you like."
            )
        if on_progress is not None:
            on_progress(done, len(sources))
        if kept_pixels >= MAX_KEPT_PIXELS or decoded_pixels >= cut.max_decoded_pixels:
            left_out += 1
            continue
        try:
            image = source.open()
        except CAEError as error:
            problems.append((source.label, str(error)))
            continue
        decoded_pixels += image.shape[0] * image.shape[1]
        if min(image.shape[:2]) < cut.patch:
            problems.append((source.label, f"{_times(image.shape[:2])} is smaller than a patch."))
            continue
        picture = _shrunk(image, longest, cut.patch)
        fingerprint = hashlib.sha256(repr(picture.shape).encode() + picture.tobytes()).digest()
        if fingerprint in seen:  # twins in two parts would give the test away
            problems.append((source.label, "it equals another picture."))
            continue
        seen.add(fingerprint)
        kept_pixels += picture.shape[0] * picture.shape[1]
        pictures.append(picture)
    if on_progress is not None:
        on_progress(len(sources), len(sources))
    notes = _notes_on(sorted(problems))
    if left_out:
        notes.append(f"Left out {left_out:,} pictures: the others are as many as memory allows.")
    if not pictures:
        raise DatasetError(
            "A data set needs at least one picture that can be used. "
            f"Received: {len(sources)} pictures. {' '.join(notes)} "
            f"Use pictures of at least {cut.patch}×{cut.patch} pixels "
            f"({', '.join(suffix[1:] for suffix in IMAGE_SUFFIXES)})."
        )
    return pictures, notes


def _notes_on(problems: Sequence[tuple[str, str]]) -> list[str]:
    """Name the first few pictures that were skipped, and count the others."""
    notes = [f"Skipped {label}: {reason}" for label, reason in problems[:MAX_NAMED_PROBLEMS]]
    if len(problems) > MAX_NAMED_PROBLEMS:
        notes.append(f"Skipped {len(problems) - MAX_NAMED_PROBLEMS:,} more pictures.")
    return notes


def _shrunk(image: NDArray[np.float32], longest: int, patch: int) -> Pixels:
    """Return the picture as uint8, its longer side at most `longest`, no side below `patch`."""
    height, width = image.shape[:2]
    scale = max(longest / max(height, width), patch / min(height, width))
    if scale < 1:
        image = resize(image, max(patch, round(height * scale)), max(patch, round(width * scale)))
    return to_uint8(image)


def deal(
    count: int, validation_fraction: float, test_fraction: float, rng: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Deal things to training, validation and test at random, at least one to each.

    Args:
        count: Number of things (pictures, blocks). Fewer than 3 all go to training.
        validation_fraction: Share for validation, as near as whole numbers allow.
        test_fraction: Share for the test, as near as whole numbers allow.
        rng: Shuffles them.

    Returns:
        Their indices: training, validation, test. Every index is in exactly one.

    Example:
        >>> [len(part) for part in deal(20, 0.1, 0.1, np.random.default_rng(0))]
        [16, 2, 2]
    """
    order = rng.permutation(count)
    if count < 3:
        return order, order[:0], order[:0]
    validation = min(max(1, round(count * validation_fraction)), count - 2)
    test = min(max(1, round(count * test_fraction)), count - validation - 1)
    return order[validation + test :], order[:validation], order[validation : validation + test]


def blocks_of(height: int, width: int, side: int) -> list[tuple[slice, slice]]:
    """Divide a picture into disjoint blocks of about the same size that cover it.

    Args:
        height: Of the picture, in pixels.
        width: Of the picture, in pixels.
        side: About the side of a block, in pixels.

    Returns:
        (rows, columns) of every block.

    Example:
        >>> blocks_of(100, 210, 100)
        [(slice(0, 100, None), slice(0, 105, None)), (slice(0, 100, None), slice(105, 210, None))]
    """

    def spans(length: int) -> list[slice]:
        count = max(1, round(length / side))
        edges = [length * index // count for index in range(count + 1)]
        return [slice(start, stop) for start, stop in pairwise(edges)]

    return [(rows, columns) for rows in spans(height) for columns in spans(width)]


_Parts = tuple[list[Pixels], ...]


def _deal_blocks(
    pictures: Sequence[Pixels],
    patch: int,
    validation_fraction: float,
    test_fraction: float,
    rng: np.random.Generator,
) -> _Parts:
    """Divide every picture into blocks and deal these, picture by picture."""
    parts: tuple[list[Pixels], list[Pixels], list[Pixels]] = ([], [], [])
    for picture in pictures:
        blocks = blocks_of(picture.shape[0], picture.shape[1], BLOCK_SIDE * patch)
        dealt = deal(len(blocks), validation_fraction, test_fraction, rng)
        for part, indices in zip(parts, dealt, strict=True):
            part.extend(picture[blocks[index]] for index in indices)
    return parts


def _part_sizes(
    patches: int, validation_fraction: float, test_fraction: float
) -> tuple[int, int, int]:
    """Share a number of patches out to training, validation and test, at least one each."""
    validation = max(1, round(patches * validation_fraction))
    test = max(1, round(patches * test_fraction))
    return max(1, patches - validation - test), validation, test


def _cut_parts(
    parts: _Parts, sizes: tuple[int, int, int], patch: int, rng: np.random.Generator
) -> list[Pixels]:
    """Cut the patches of all parts; only those of the first, for training, are mirrored."""
    train, *others = (
        _cut_patches(pieces, size, patch, rng, mirror=index == 0)
        for index, (pieces, size) in enumerate(zip(parts, sizes, strict=True))
    )
    # If small pictures give fewer training patches than wanted, the others shrink with them.
    share = len(train) / sizes[0]
    return [
        train,
        *(cut[: math.ceil(size * share)] for cut, size in zip(others, sizes[1:], strict=True)),
    ]


def _cut_patches(
    pieces: Sequence[Pixels], count: int, patch: int, rng: np.random.Generator, *, mirror: bool
) -> Pixels:
    """Cut at most `count` patches, no position twice, in random order."""
    views: list[Pixels] = []
    whole: list[bool] = []  # views that are cut side by side, as they are
    for piece in pieces:
        is_small = min(piece.shape[:2]) < 2 * patch
        scaled = [piece] if is_small else _scaled(piece, patch)
        views += scaled
        whole += [is_small] * len(scaled)
    # Every view offers about twice its share, in case others have little to offer.
    share = math.ceil(2 * count / len(views))
    positions = np.concatenate(
        [
            np.insert(_positions(view, patch, share, rng, side_by_side=small), 0, index, axis=1)
            for index, (view, small) in enumerate(zip(views, whole, strict=True))
        ]
    )  # (n, 3): view, top, left
    positions = rng.permutation(positions)[:count]
    patches = np.empty((len(positions), patch, patch, 3), np.uint8)
    for index, (view, top, left) in enumerate(positions):
        patches[index] = views[view][top : top + patch, left : left + patch]
    if mirror:
        mirrored = (rng.random(len(patches)) < 0.5) & ~np.array(whole)[positions[:, 0]]
        patches[mirrored] = patches[mirrored, :, ::-1]
    return patches


def _scaled(piece: Pixels, patch: int) -> list[Pixels]:
    """Return the piece at every scale at which a patch still fits."""
    exact = piece.astype(np.float32) / 255
    sizes = [tuple(round(side * scale) for side in piece.shape[:2]) for scale in SCALES]
    return [
        piece if size == piece.shape[:2] else to_uint8(resize(exact, *size))
        for size in sizes
        if min(size) >= patch
    ]


def _positions(
    view: Pixels, patch: int, count: int, rng: np.random.Generator, *, side_by_side: bool
) -> NDArray[np.intp]:
    """Choose at most `count` places (top, left) to cut a patch, few of them nearly flat."""
    height, width = view.shape[:2]
    if side_by_side:
        tops = np.arange(height % patch // 2, height - patch + 1, patch)
        lefts = np.arange(width % patch // 2, width - patch + 1, patch)
        grid = np.stack(np.meshgrid(tops, lefts, indexing="ij"), axis=-1).reshape(-1, 2)
        return rng.permutation(grid)[:count]
    std = _patch_std(view, patch)
    eligible = np.flatnonzero((std >= FLAT_STD) | (rng.random(std.shape) < FLAT_KEPT))
    # A view that is mostly flat offers less than its share, else flat blocks would fill up.
    offered = min(math.ceil(count * len(eligible) / std.size), len(eligible))
    chosen = rng.choice(eligible, offered, replace=False)
    return np.stack(np.unravel_index(chosen, std.shape), axis=-1)


def _patch_std(view: Pixels, patch: int) -> NDArray[np.float64]:
    """Return the standard deviation of the grey values of the patch at every position."""

    def box_mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        # Sums over all patches at once, from sums over rectangles that start at the corner.
        corner = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        total = (
            corner[patch:, patch:]
            - corner[:-patch, patch:]
            - corner[patch:, :-patch]
            + corner[:-patch, :-patch]
        )
        return total / patch**2

    grey = view.mean(axis=2)
    variance = box_mean(grey**2) - box_mean(grey) ** 2
    return np.sqrt(np.maximum(variance, 0))  # rounding may leave it a little below 0


# Zip archives

# Everything that reading a damaged archive was seen to raise.
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)


def _open_zip(name: str, content: bytes) -> zipfile.ZipFile:
    """Open an archive in memory, unless it has too many entries."""
    # Counted before zipfile builds an object of each; all begin with this signature.
    if content.count(b"PK\x01\x02") > MAX_ZIP_ENTRIES:
        raise DatasetError(
            f"A zip archive may have up to {MAX_ZIP_ENTRIES:,} entries. "
            f"Received: more, in {name}. Upload fewer pictures."
        )
    try:
        return zipfile.ZipFile(BytesIO(content))
    except _BROKEN_ZIP as error:
        raise DatasetError(
            f"A zip archive has to be complete. Received: {name} ({error}). Make it anew."
        ) from error


def _is_picture_entry(entry: zipfile.ZipInfo) -> bool:
    """Say whether an entry is an image by its name, and not one of macOS's shadows."""
    path = PurePosixPath(entry.filename)
    return (
        not entry.is_dir()
        and path.suffix.lower() in IMAGE_SUFFIXES
        and "__MACOSX" not in path.parts
        and not path.name.startswith(".")
    )


def _open_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> NDArray[np.float32]:
    """Open a picture in an archive, reading no more than it declares and the limit allows."""
    if entry.file_size > MAX_FILE_BYTES:
        raise DatasetError(
            f"A picture in a zip archive has up to {MAX_FILE_BYTES:,} bytes. "
            f"Received: {entry.file_size:,}. Shrink it."
        )
    if entry.flag_bits & 0x1:
        raise DatasetError("A picture may not be encrypted. Received: one. Unlock the archive.")
    # The other methods are unpacked by zipfile without any bound on the result.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DatasetError(
            "A picture in a zip archive is stored or deflated. "
            f"Received: compression method {entry.compress_type}. Make an ordinary zip archive."
        )
    try:
        with archive.open(entry) as stream:
            content = stream.read(entry.file_size + 1)
    except _BROKEN_ZIP as error:
        raise DatasetError(
            f"A picture in a zip archive has to be complete. Received: {error}. Make it anew."
        ) from error
    if len(content) != entry.file_size:
        raise DatasetError(
            f"A picture in a zip archive has the size that it declares, {entry.file_size:,} bytes. "
            f"Received: {len(content):,}. Make it anew."
        )
    return open_image(content)
