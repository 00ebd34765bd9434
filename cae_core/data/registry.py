"""Data sets by name: the public ones, patches of sample photographs, or a folder of images."""

import difflib
import os
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cae_core.data import downloads
from cae_core.data.dataset import Dataset, Labels, Pixels, check_split
from cae_core.data.patches import PatchSettings
from cae_core.data.samples import PHOTOGRAPH_TERMS, photo_patches, photograph_folder
from cae_core.data.uploads import BROKEN_ZIP, load_folder
from cae_core.errors import DatasetError
from cae_core.long_work import OnProgress, ShouldStop

Indices = NDArray[np.intp]


class DatasetInfo(NamedTuple):
    """A data set's title, sizes and terms, known without loading it.

    Attributes:
        title: Its name for people.
        image_shape: (height, width, channels).
        sizes: Numbers of training, validation and test images, by default.
        terms: Author, year and licence.
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
        PHOTOGRAPH_TERMS,
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
        "Grey images of ten kinds of clothing and shoes.",
    ),
}
"""The data sets that have a name; the first is the default of the app."""

DATASET_NAMES = tuple(DATASETS)


def load_dataset(
    name: str | Path,
    *,
    seed: int = 0,
    validation_fraction: float = 0.1,
    test_fraction: float = 0.1,
    limit: int | None = None,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Dataset:
    """Load a data set by name, or the images in a folder.

    `cifar10`, `mnist` and `fashion_mnist` are read from `<name>.npz` (x_train, x_test) in
    the folder that the environment variable CAE_DATA_DIR names, else from Keras's cache,
    into which they are downloaded if need be. They have a test part of their own, which is
    kept whole and in order; `test_fraction` says nothing about them, and validation is
    `validation_fraction` of their training part.

    The environment variable CAE_DATA_LIMIT is a `limit` for every data set, so that tests
    train on little; the lower of the two counts.

    Args:
        name: One of `DATASET_NAMES`, or the path of a folder of images.
        seed: Seed of the split, the choice of patches and that of the `limit`.
        validation_fraction: Share of the images used for validation.
        test_fraction: Share of the images used for the test.
        limit: At most so many training images, chosen at random, for quick runs; the other
            parts shrink in proportion.
        on_progress: Called with (done, total) in long work: bytes of a download, files of a
            folder.
        should_stop: Asked during long work; True stops it.

    Returns:
        The data set.

    Raises:
        StoppedError: `should_stop()` said so.
        DatasetError: The name is unknown, a setting is out of range, or the data can't be
            found, fetched or read.

    Example:
        >>> load_dataset("photo_patches", limit=1000)
        Dataset('photo_patches': 1,000 training, 125 validation, 125 test images of 32×32×3)
    """
    check_split(seed, validation_fraction, test_fraction)
    limit = _lowest_limit(limit)
    if name == "photo_patches":
        dataset = photo_patches(seed, validation_fraction, test_fraction)
    elif name in downloads.REMOTE_FILES:
        dataset = _public_dataset(str(name), seed, validation_fraction, on_progress, should_stop)
    elif _is_folder(name):
        dataset = load_folder(
            name,
            PatchSettings(
                seed=seed, validation_fraction=validation_fraction, test_fraction=test_fraction
            ),
            on_progress=on_progress,
            should_stop=should_stop,
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
        return photograph_folder() is not None
    if name in downloads.REMOTE_FILES:
        return _npz_path(str(name)) is not None or downloads.is_downloaded(str(name))
    return _is_folder(name)


def check_name(name: str) -> None:
    """Refuses what is neither a data set's name nor a folder.

    Raises:
        DatasetError: With the name that was perhaps meant.

    Example:
        >>> check_name("mnist")
    """
    if name not in DATASETS and not _is_folder(name):
        raise _unknown(name)


def _is_folder(name: str | Path) -> bool:
    """Return whether there is such a folder; there is none whose name is too long."""
    try:
        return Path(name).is_dir()
    except OSError:
        return False


def _lowest_limit(limit: int | None) -> int | None:
    """The lower of an argument and CAE_DATA_LIMIT; None where neither is given."""
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise DatasetError(
            "The limit is a number of training images from 1 on, or None. "
            f"Received: {limit!r}. Use 1000, for example."
        )
    text = os.environ.get("CAE_DATA_LIMIT", "")
    if not text:
        return limit
    if not (text.isdecimal() and int(text) >= 1):
        raise DatasetError(
            "CAE_DATA_LIMIT is a number of training images from 1 on. "
            f"Received: {text!r}. Correct or unset it."
        )
    return min(int(text), limit or int(text))


def _unknown(name: str) -> DatasetError:
    """Return the error for a name that is neither a data set nor a folder."""
    near = difflib.get_close_matches(name.lower(), DATASET_NAMES, n=1)
    remedy = f"Did you mean {near[0]!r}?" if near else "Check its spelling."
    return DatasetError(
        f"A data set is one of {', '.join(DATASET_NAMES)}, or the path of a folder of images. "
        f"Received: {name!r}. {remedy}"
    )


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
    on_progress: OnProgress | None,
    should_stop: ShouldStop | None,
) -> Dataset:
    """Load a public data set from the nearest place, and draw its validation part."""
    original_train, test = _arrays(name, "x", on_progress, should_stop)
    info = DATASETS[name]
    if original_train.ndim == 3:  # grey images come as (images, height, width)
        original_train, test = original_train[..., None], test[..., None]
    for part, images in (("x_train", original_train), ("x_test", test)):
        if images.dtype != np.uint8 or images.shape[1:] != info.image_shape:
            raise DatasetError(
                f"{part} of {name} is uint8, (images, {', '.join(map(str, info.image_shape))}). "
                f"Received: {images.dtype}, {images.shape}, from {_npz_path(name) or 'Keras'}. "
                "Replace the file."
            )
    trained, validated = _validation_drawn(len(original_train), validation_fraction, seed)
    return Dataset(
        name,
        train=original_train[trained],
        validation=original_train[validated],
        test=test,
        source=f"{info.title}, with its original test part: {info.terms}.",
    )


def load_labels(name: str, *, seed: int = 0, validation_fraction: float = 0.1) -> Labels:
    """Load the classes of a public data set's images, for an evaluation classifier.

    Args:
        name: `cifar10`, `mnist` or `fashion_mnist`.
        seed: As for `load_dataset`.
        validation_fraction: As for `load_dataset`.

    Returns:
        The classes of the images that `load_dataset` gives for the same arguments without a
        limit.

    Raises:
        DatasetError: The data set has no classes, or can't be found, fetched or read.

    Example:
        >>> load_labels("photo_patches")
        Traceback (most recent call last):
        cae_core.errors.DatasetError: Images of cifar10, mnist, fashion_mnist have classes. \
Received: 'photo_patches'. Name one of them.
    """
    if name not in downloads.REMOTE_FILES:
        raise DatasetError(
            f"Images of {', '.join(downloads.REMOTE_FILES)} have classes. Received: {name!r}. "
            "Name one of them."
        )
    original_train, test = (labels.reshape(-1) for labels in _arrays(name, "y"))
    trained, validated = _validation_drawn(len(original_train), validation_fraction, seed)
    return Labels(original_train[trained], original_train[validated], test)


def _validation_drawn(count: int, validation_fraction: float, seed: int) -> tuple[Indices, Indices]:
    """Indices of an original training part's images for training and for validation."""
    order = np.random.default_rng(seed).permutation(count)
    drawn = max(1, round(count * validation_fraction))
    return np.sort(order[drawn:]), np.sort(order[:drawn])


def _arrays(
    name: str,
    kind: str,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> tuple[Pixels, Pixels]:
    """Read images (kind x) or classes (kind y) to train and to test from the nearest place."""
    path = _npz_path(name)
    if path is not None:
        return _read_npz(path, kind)
    downloads.download(name, on_progress, should_stop)
    return _load_with_keras(name, kind)


def _read_npz(path: Path, kind: str) -> tuple[Pixels, Pixels]:
    """Read two arrays of an .npz file, never unpickling anything."""
    names = f"{kind}_train", f"{kind}_test"
    try:
        # Opened here, because np.load leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return arrays[names[0]], arrays[names[1]]
    except (KeyError, TypeError, *BROKEN_ZIP) as error:  # TypeError: a single array
        raise DatasetError(
            f"{path.name} holds the arrays {' and '.join(names)}. "
            f"Received: one that does not ({getattr(error, 'strerror', None) or error}). "
            "Replace or remove the file in the folder of data sets."
        ) from error


def _load_with_keras(name: str, kind: str) -> tuple[Pixels, Pixels]:
    """Read a data set whose files are in Keras's cache."""
    import keras

    train, test = getattr(keras.datasets, name).load_data()
    part = ("x", "y").index(kind)
    return train[part], test[part]


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
