"""Runs: a finished training as an object and as a folder.

A run's folder holds ``settings.json`` (architecture, task, settings, data), ``history.csv``,
``test.json``, ``model.weights.h5``, ``samples.npy`` and an image of them, and what newer runs
have: ``test.npz`` and ``snapshots.npz``. It is written
beside its place and renamed into it, so that a folder is whole or not there. Importing this
module does not import Keras; loading a run's model does.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.errors import RecordError, RunError
from cae_core.files import replacing
from cae_core.images.encoding import encode_png
from cae_core.images.operations import image_grid
from cae_core.records import Measured, naming, read_array, read_images, read_json
from cae_core.training.config import TrainConfig
from cae_core.training.history import HISTORY, history_csv, read_records
from cae_core.training.progress import EpochRecord
from cae_core.training.snapshots import Snapshots
from cae_core.training.tasks import Task, check_fit, task_from_dict, task_to_dict

if TYPE_CHECKING:
    import keras

SETTINGS = "settings.json"
TEST = "test.json"
WEIGHTS = "model.weights.h5"
SAMPLES = "samples.npy"
SAMPLES_IMAGE = "samples.png"
TEST_IMAGES = "test.npz"
HDF5_OVERHEAD = 300_000
_LONGEST_SECONDS = 1e9  # 30 years


@dataclass(frozen=True)
class _SettingsFile:
    """The keys of ``settings.json``; `layers` is the architecture as JSON, for programs."""

    architecture: str
    layers: dict[str, Any]
    task: dict[str, Any]
    config: TrainConfig
    dataset: str
    seconds: float
    stopped: bool
    weights: str = ""  # their SHA-256; older runs have none

    def __post_init__(self) -> None:
        if not 0 <= self.seconds <= _LONGEST_SECONDS:
            raise RecordError(f"has {self.seconds:g} as 'seconds'")


@dataclass(frozen=True)
class _TestFile:
    """The keys of ``test.json``; the fields of `Run.test`."""

    mse: Measured
    mae: Measured
    psnr: Measured
    ssim: Measured
    images: int


@dataclass(frozen=True)
class Run:
    """A finished training.

    Attributes:
        architecture: The network.
        task: Task it was trained on.
        config: Settings of the training.
        dataset: The data set's name.
        model: The trained network.
        history: The losses after every epoch.
        test: ``mse``, ``mae``, ``psnr``, ``ssim`` and the number of test ``images``.
        errors: (M,) mean squared error of every test image.
        extremes: (2, 3, N, H, W, C) uint8: the worst and the best test images, like `samples`.
        samples: (3, N, H, W, C) uint8: validation images, inputs and outputs.
        seconds: Time spent on the training, in all its parts where it was resumed.
        stopped: True where it was stopped before its last epoch.
        snapshots: What it made of the sample images at several moments; None where the run has
            none, because it is older than they are or its images are too large.
    """

    architecture: Architecture
    task: Task
    config: TrainConfig
    dataset: str
    model: keras.Model = field(repr=False, compare=False)
    history: tuple[EpochRecord, ...]
    test: dict[str, float]
    errors: np.ndarray = field(repr=False, compare=False)
    extremes: np.ndarray = field(repr=False, compare=False)
    samples: np.ndarray = field(repr=False, compare=False)
    seconds: float
    stopped: bool = False
    snapshots: Snapshots | None = field(default=None, repr=False, compare=False)

    def save(self, folder: str | Path) -> Path:
        """Writes the run's folder.

        Args:
            folder: A path where nothing is yet.

        Returns:
            The folder.

        Raises:
            RunError: If something is there already.
        """
        target = Path(folder)
        if target.exists():
            raise RunError(
                f"A run is saved to a new folder. Received: {target}, which exists. "
                "Choose another name, or delete it first."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as partial:
            partial.mkdir()
            self._write(partial)
        return target

    def _write(self, folder: Path) -> None:
        """Writes every file of the run."""
        _check_room(folder, 2 * sum(weights.nbytes for weights in self.model.get_weights()))
        self.model.save_weights(folder / WEIGHTS)
        settings = {
            "architecture": str(self.architecture),
            "layers": json.loads(self.architecture.to_json()),
            "task": task_to_dict(self.task),
            "config": dataclasses.asdict(self.config),
            "dataset": self.dataset,
            "seconds": self.seconds,
            "stopped": self.stopped,
            "weights": _sha256(folder / WEIGHTS),
        }
        (folder / SETTINGS).write_text(json.dumps(settings, indent=2))
        (folder / TEST).write_text(json.dumps(self.test, indent=2))
        (folder / HISTORY).write_text(history_csv(self.history))
        np.save(folder / SAMPLES, self.samples)
        np.savez(folder / TEST_IMAGES, errors=self.errors, extremes=self.extremes)
        if self.snapshots is not None:
            self.snapshots.save(folder)
        (folder / SAMPLES_IMAGE).write_bytes(encode_png(samples_image(self.samples)))

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Reads a run's folder and rebuilds its model from the architecture text.

        Raises:
            RunError: If the folder is not a whole run.
        """
        summary = RunSummary.load(folder)
        from cae_core.models.builder import build

        folder = Path(folder)
        try:
            samples = read_images(folder / SAMPLES, 3)
            checksum = read_json(_SettingsFile, folder / SETTINGS).weights
        except RecordError as error:
            raise _not_a_run(error) from error
        errors, extremes = load_test_images(folder)
        snapshots = load_snapshots(folder)
        try:
            if checksum and _sha256(folder / WEIGHTS) != checksum:
                raise RecordError(f"{WEIGHTS} is not what was written")
            model = build(summary.architecture)
            model.load_weights(folder / WEIGHTS)
        except Exception as error:  # Keras and h5py raise whatever a flipped bit leads to
            raise _not_a_run(f"{WEIGHTS} is missing, damaged or another network's") from error
        values = {f.name: getattr(summary, f.name) for f in dataclasses.fields(summary)}
        return cls(
            model=model,
            samples=samples,
            errors=errors,
            extremes=extremes,
            snapshots=snapshots,
            **values,
        )


@dataclass(frozen=True)
class RunSummary:
    """A run without its model and images, for lists and charts. Fields as in `Run`."""

    architecture: Architecture
    task: Task
    config: TrainConfig
    dataset: str
    history: tuple[EpochRecord, ...]
    test: dict[str, float]
    seconds: float
    stopped: bool

    @classmethod
    def load(cls, folder: str | Path) -> RunSummary:
        """Reads a run's settings, history and test figures.

        Raises:
            RunError: If the folder is not a whole run.
        """
        folder = Path(folder)
        try:
            settings = read_json(_SettingsFile, folder / SETTINGS)
            with naming(folder / SETTINGS):
                architecture = Architecture.from_json(settings.layers)
                task = task_from_dict(settings.task)
                height, width, channels = architecture.input_shape
                images = (height, width, 3 if task.needs_color else channels)
                check_fit(architecture, images, task)
            return cls(
                architecture=architecture,
                task=task,
                config=settings.config,
                dataset=settings.dataset,
                history=read_records(folder),
                test=vars(read_json(_TestFile, folder / TEST)),
                seconds=settings.seconds,
                stopped=settings.stopped,
            )
        except RecordError as error:
            raise _not_a_run(error) from error


def load_test_images(folder: str | Path) -> tuple[np.ndarray, np.ndarray]:
    """The error of every test image, and the worst and best images, of a run's folder.

    Returns:
        `Run.errors` and `Run.extremes`.

    Raises:
        RunError: The file is not whole.
    """
    path = Path(folder) / TEST_IMAGES
    try:
        errors = read_array(path, "errors")
        if errors.ndim != 1 or errors.dtype.kind != "f":
            raise RecordError(f"{TEST_IMAGES} holds no errors")
        return errors, read_images(path, 2, 3, name="extremes")
    except RecordError as error:
        raise _not_a_run(error) from error


def load_snapshots(folder: str | Path) -> Snapshots | None:
    """The snapshots of a run's folder.

    Returns:
        `Run.snapshots`.

    Raises:
        RunError: The file is not whole.
    """
    try:
        return Snapshots.load(Path(folder))
    except RecordError as error:
        raise _not_a_run(error) from error


def _check_room(folder: Path, size: int) -> None:
    """Refuses to write HDF5 on a disk that is nearly full.

    Where the disk fills up while HDF5 writes, the process crashes later, in another training.

    Args:
        folder: A folder on the disk.
        size: Bytes of the file; as much as a small file's overhead is added.
    """
    if shutil.disk_usage(folder).free < size + HDF5_OVERHEAD:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sha256(path: Path) -> str:
    """Checksum of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _not_a_run(reason: object) -> RunError:
    """The error for a folder of which a part is missing or damaged."""
    return RunError(
        f"A run's folder holds {SETTINGS}, {HISTORY}, {TEST}, {SAMPLES} and {WEIGHTS}, all whole. "
        f"Received: one of which {reason}. Delete it, and train again."
    )


def samples_image(samples: np.ndarray) -> np.ndarray:
    """Sample images as one: a row each for the images, the inputs and the outputs.

    Args:
        samples: (3, N, H, W, C) uint8.

    Returns:
        One image, uint8. The middle row is left out where it equals the first.
    """
    same = np.array_equal(samples[0], samples[1])
    rows = samples[[0, 2]] if same else samples
    # (rows, N, H, W, C) -> (rows * N, H, W, C)
    flat = rows.reshape((-1, *rows.shape[2:]))
    return image_grid(flat, columns=rows.shape[1], gap=1)
