"""Sweeps: many trainings, a line of a table each; lines that are there are not trained again.

`train_trial` is what an executor runs, in this process or on another machine: it takes and returns
plain data. Importing this module does not import Keras; `train_trial` does.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import functools
import hashlib
import io
import math
import os
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.data.dataset import Dataset
from cae_core.data.registry import load_dataset
from cae_core.errors import CAEError, PlaceError, RecordError, TrainingError, WorkerError
from cae_core.files import replacing
from cae_core.images.encoding import encode_png
from cae_core.records import read_text
from cae_core.training.config import TrainConfig
from cae_core.training.runs import samples_image

# How often a training is tried again whose worker process ended before it.
RETRIES = 2
_LARGEST_ERROR = 3.5e38
_LONGEST = 500  # characters of a reason
_LOOK_SECONDS = 0.5  # between two looks for a file that asks to stop


@dataclass(frozen=True)
class Trial:
    """Settings of a training.

    Attributes:
        network: Architecture text.
        epochs: Passes over the training images.
        seed: Seed of weights and order.
        dataset: Name of the data set, as `cae_core.load_dataset` takes it.
        images: Number of training images, the other parts in proportion; 0 for all.
        group: Group of the study that the network belongs to.
        learning_rate: Largest step size of the optimiser.
        loss: Name of the loss, see `cae_core.training.config.LOSS_TITLES`.
    """

    network: str
    epochs: int
    seed: int = 0
    dataset: str = "cifar10"
    images: int = 0
    group: str = ""
    learning_rate: float = TrainConfig.learning_rate
    loss: str = TrainConfig.loss

    @property
    def config(self) -> TrainConfig:
        """The settings as the training loop takes them.

        Raises:
            TrainingError: For a value out of range.
        """
        return TrainConfig(
            epochs=self.epochs, seed=self.seed, learning_rate=self.learning_rate, loss=self.loss
        )

    @property
    def id(self) -> str:
        """A short text that no other trial has, for the names of its files."""
        return hashlib.sha256(repr(dataclasses.astuple(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Result(Trial):
    """Settings of a training and its measured test errors.

    Attributes:
        latent_size: Numbers in the latent.
        smallest: Numbers in the smallest tensor.
        parameters: Number of weights.
        mse: Mean squared error on the test images, in [0, 1] units.
        mae: Mean absolute error on the test images, in [0, 1] units.
        psnr: PSNR in dB, mean over the test images.
        ssim: SSIM, mean over the test images.
        seconds: Duration of the training.
    """

    latent_size: int = 0
    smallest: int = 0
    parameters: int = 0
    mse: float = 0.0
    mae: float = 0.0
    psnr: float = 0.0
    ssim: float = 0.0
    seconds: float = 0.0

    @property
    def trial(self) -> Trial:
        """The settings without the results."""
        return Trial(**{f.name: getattr(self, f.name) for f in dataclasses.fields(Trial)})


_COLUMNS = {field.name: field for field in dataclasses.fields(Result)}
_ADDED = {"learning_rate", "loss"}  # columns that older tables lack; all had the defaults
_READ: dict[str, Callable[[str], object]] = {"int": int, "float": float, "str": str}


def read_table(path: Path) -> list[Result]:
    """Reads the results in a table; an empty list where the file does not exist.

    Raises:
        TrainingError: For a file that is not such a table.
    """
    try:
        return read_results(path)
    except RecordError as error:
        raise TrainingError(
            f"A sweep's table has the columns {', '.join(_COLUMNS)}. "
            f"Received: {path.name} ({error}). Name another file with --out."
        ) from error


def read_results(path: Path) -> list[Result]:
    """As `read_table`, for a table that the app keeps.

    Raises:
        RecordError: For a file that is not such a table.
    """
    if not path.exists():
        return []
    try:
        reader = csv.DictReader(io.StringIO(read_text(path)))
        rows = list(reader)
        names = set(reader.fieldnames or ())
        if not set(_COLUMNS) - _ADDED <= names <= set(_COLUMNS):
            raise ValueError(f"its columns are {', '.join(reader.fieldnames or ()) or 'none'}")
        return [Result(**_typed(row)) for row in rows]
    except RecordError:
        raise
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise RecordError(f"{path.name} is no table of results: {error}"[:_LONGEST]) from error


def check_possible(result: Result) -> None:
    """Refuses a result that no training has.

    Raises:
        RecordError: For a latent without numbers, or an error that float32 cannot hold.
    """
    if result.latent_size < 1:
        raise RecordError(f"has {result.latent_size} as 'latent_size'")
    if result.mse < 0 or _LARGEST_ERROR < result.mse < math.inf:
        raise RecordError(f"has {result.mse:g} as 'mse'")


def _typed(row: dict[str, str]) -> dict[str, Any]:
    """Converts a line's values to the types of the fields of `Result`."""
    return {name: _READ[str(_COLUMNS[name].type)](text) for name, text in row.items()}


def table_text(results: Iterable[Result]) -> str:
    """Results as a CSV table, which `read_table` reads."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS)
    writer.writeheader()
    writer.writerows(map(dataclasses.asdict, results))
    return text.getvalue()


def run_sweep(
    trials: Iterable[Trial],
    path: Path,
    *,
    executor: Executor | None = None,
    at_once: Callable[[], int] = lambda: 1,
    on_result: Callable[[Result], object] | None = None,
    on_failure: Callable[[Trial, str], object] | None = None,
    samples: Path | None = None,
    stop: Path | None = None,
    minutes: float | None = None,
) -> list[Result]:
    """Trains the trials that a table lacks and adds a line for each.

    A trial that fails gets no line, and so is tried again by the next call.

    Args:
        trials: Trainings that the table should have.
        path: The table, a CSV file; created where it does not exist.
        executor: Runs `train_trial`, which gets plain data; by default this thread does.
        at_once: Number of trainings that the executor is given at the same time.
        on_result: Called with every new result.
        on_failure: Called with every trial that failed, and the reason.
        samples: Folder for the sample images of every training, ``<id of the trial>.png``.
        stop: A file that stops the sweep as soon as it exists; what was not finished is lost.
        minutes: Time that each training may take; one that takes longer fails.

    Returns:
        The results of the trials that have one, in their order.

    Example:
        >>> import tempfile
        >>> trial = Trial("conv4 pool | up conv3:sigmoid", 1, dataset="photo_patches", images=64)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     once = run_sweep([trial], Path(folder) / "table.csv")
        ...     again = run_sweep([trial], Path(folder) / "table.csv", on_result=print)
        >>> once == again, once[0].latent_size
        (True, 1024)
    """
    wanted = list(dict.fromkeys(trials))
    for trial in wanted:
        # A typing error or a value out of range is found before hours of training.
        Architecture.parse(trial.network)
        _ = trial.config
    known = {result.trial: result for result in read_table(path)}
    executor = executor or _ThisThread()
    stop_path = "" if stop is None else str(stop.absolute())
    waiting = deque(trial for trial in wanted if trial not in known)
    running: dict[Future[dict[str, Any]], Trial] = {}
    deaths = Counter[Trial]()

    def fail(trial: Trial, reason: str) -> None:
        if on_failure is not None:
            on_failure(trial, reason)

    def settle(trial: Trial, future: Future[dict[str, Any]]) -> None:
        if future.cancelled():
            fail(trial, "It was taken from its worker before its end.")
        elif (error := future.exception()) is not None:
            deaths[trial] += 1
            if isinstance(error, WorkerError) and deaths[trial] <= RETRIES:
                waiting.append(trial)
            else:
                fail(trial, str(error))
        elif "failed" in future.result():
            fail(trial, future.result()["failed"])
        elif "result" in future.result():
            result = Result(**future.result()["result"])
            if samples is not None:
                _write_samples(samples, trial, future.result()["samples"])
            _append(result, path)
            known[trial] = result
            if on_result is not None:
                on_result(result)

    while waiting or running:
        if is_stopped := stop is not None and stop.exists():
            waiting.clear()
            running = {future: trial for future, trial in running.items() if not future.cancel()}
        while waiting and len(running) < at_once():
            trial = waiting.popleft()
            settings = dataclasses.asdict(trial)
            future = executor.submit(train_trial, settings, stop_path, minutes)
            running[future] = trial
        look = None if stop is None or is_stopped else _LOOK_SECONDS
        for future in wait(running, look, FIRST_COMPLETED).done:
            settle(running.pop(future), future)
    return [known[trial] for trial in wanted if trial in known]


class _ThisThread(Executor):
    """Runs a call while it is submitted; what it raises is raised there."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def train_trial(
    settings: dict[str, Any], stop: str = "", minutes: float | None = None
) -> dict[str, Any]:
    """Trains and tests a network; what an executor runs, wherever it is.

    Args:
        settings: The fields of a `Trial`.
        stop: Path of a file that stops the training as soon as it exists; empty for none.
        minutes: Time that it may take; None for as long as it needs.

    Returns:
        ``result`` with the fields of a `Result` and ``samples`` with a PNG file in base64;
        ``failed`` with a sentence where it cannot be trained, or not in that time; nothing where
        it was stopped.
    """
    import keras

    from cae_core.training.loop import train

    deadline = math.inf if minutes is None else time.monotonic() + 60 * minutes

    def is_asked_to_stop() -> bool:
        return stop != "" and Path(stop).exists()

    def should_stop() -> bool:
        return time.monotonic() > deadline or is_asked_to_stop()

    trial = Trial(**settings)
    keras.utils.clear_session()  # the last network's graph would stay in memory
    architecture = Architecture.parse(trial.network)
    try:
        data = _loaded(trial.dataset, trial.images, os.environ.get("CAE_DATA_LIMIT", ""))
        run = train(architecture, data, config=trial.config, should_stop=should_stop)
    except CAEError as error:
        return {"failed": str(error)}
    if run.stopped and is_asked_to_stop():
        return {}
    if run.stopped:
        return {
            "failed": f"A training on this server takes at most {minutes:g} minutes. "
            "Received: one that was stopped at that time limit. "
            "Use fewer epochs, fewer channels or less data."
        }
    report = analyze(architecture)
    figures = {name: float(f"{run.test[name]:.6g}") for name in ("mse", "mae", "psnr", "ssim")}
    result = settings | figures
    result |= {
        "latent_size": report.latent_size,
        "smallest": report.smallest.size,
        "parameters": report.parameters,
        "seconds": round(run.seconds, 1),
    }
    samples = encode_png(samples_image(run.samples))
    return {"result": result, "samples": base64.b64encode(samples).decode("ascii")}


@functools.lru_cache(maxsize=1)
def _loaded(dataset: str, images: int, environment_limit: str) -> Dataset:
    """The images, loaded once by a process for all trials of a sweep."""
    return load_dataset(dataset, limit=images or None)


def _write_samples(folder: Path, trial: Trial, content: str) -> None:
    """Writes the sample images of a training."""
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / f"{trial.id}.png") as partial:
        partial.write_bytes(base64.b64decode(content))


def _append(result: Result, path: Path) -> None:
    """Adds a line to the table.

    Raises:
        PlaceError: The table can't be written any more; the line is in a file of its own then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_text(table_text([*read_table(path), result]), newline="")
    except (OSError, TrainingError) as error:  # perhaps another file has taken its place
        refuge = Path(tempfile.mkdtemp(prefix="cae-lab-")) / path.name
        refuge.write_text(table_text([result]), newline="")
        reason = getattr(error, "strerror", None) or "it is no table any more"
        raise PlaceError(
            f"A table is saved where files can be made. Received: {path} ({reason}); the "
            f"last result is in {refuge}. Make room, or choose another place."
        ) from error
