"""Sweeps: many trainings, a line of a table each; lines that are there are not trained again.

Importing this module does not import Keras; `run_sweep` does.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.data.registry import load_dataset
from cae_core.errors import PlaceError, TrainingError
from cae_core.records import read_text
from cae_core.training.config import TrainConfig


@dataclass(frozen=True)
class Trial:
    """Settings of a training.

    Attributes:
        network: Architecture text.
        epochs: Passes over the training images.
        seed: Seed of weights, order and choice of images.
        dataset: Name of the data set, as `cae_core.load_dataset` takes it.
        images: Number of training images, the other parts in proportion; 0 for all.
        group: Group of the study that the network belongs to.
    """

    network: str
    epochs: int
    seed: int = 0
    dataset: str = "cifar10"
    images: int = 0
    group: str = ""


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
_READ: dict[str, Callable[[str], object]] = {"int": int, "float": float, "str": str}


def read_table(path: Path) -> list[Result]:
    """Reads the results in a table; an empty list where the file does not exist.

    Raises:
        TrainingError: For a file that is not such a table.
    """
    if not path.exists():
        return []
    try:
        reader = csv.DictReader(io.StringIO(read_text(path)))
        rows = list(reader)
        if set(reader.fieldnames or ()) != set(_COLUMNS):
            raise ValueError(f"its columns are {', '.join(reader.fieldnames or ()) or 'none'}")
        return [Result(**_typed(row)) for row in rows]
    except (KeyError, TypeError, ValueError, OSError, csv.Error) as error:
        raise TrainingError(
            f"A sweep's table has the columns {', '.join(_COLUMNS)}. Received: {path} ({error!r}). "
            "Name another file with --out."
        ) from error


def _typed(row: dict[str, str]) -> dict[str, Any]:
    """Converts a line's values to the types of the fields of `Result`."""
    return {name: _READ[str(_COLUMNS[name].type)](text) for name, text in row.items()}


def run_sweep(
    trials: Iterable[Trial],
    path: Path,
    *,
    config: TrainConfig | None = None,
    on_result: Callable[[Result], object] | None = None,
) -> list[Result]:
    """Trains the trials that a table lacks and adds a line for each.

    Args:
        trials: Trainings that the table should have.
        path: The table, a CSV file; created where it does not exist.
        config: Settings that all trials share; epochs and seed are the trial's.
        on_result: Called with every new result.

    Returns:
        The results of all trials, in their order.

    Example:
        >>> import tempfile
        >>> trial = Trial("conv4 pool | up conv3:sigmoid", 1, dataset="photo_patches", images=64)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     once = run_sweep([trial], Path(folder) / "table.csv")
        ...     again = run_sweep([trial], Path(folder) / "table.csv", on_result=print)
        >>> once == again, once[0].latent_size
        (True, 1024)
    """
    wanted = list(trials)
    for trial in wanted:
        Architecture.parse(trial.network)  # a typing error is found before hours of training
    known = {result.trial: result for result in read_table(path)}
    for trial in wanted:
        if trial in known:
            continue
        result = _run(trial, config or TrainConfig())
        _append(result, path)
        # As the next session reads it, so that both give the same numbers.
        known[trial] = read_table(path)[-1]
        if on_result is not None:
            on_result(known[trial])
    return [known[trial] for trial in wanted]


def _run(trial: Trial, config: TrainConfig) -> Result:
    """Trains and tests a network."""
    import keras

    from cae_core.training.loop import train

    keras.utils.clear_session()  # the last network's graph would stay in memory
    architecture = Architecture.parse(trial.network)
    data = load_dataset(trial.dataset, limit=trial.images or None)
    settings = dataclasses.replace(config, epochs=trial.epochs, seed=trial.seed)
    run = train(architecture, data, config=settings)
    report = analyze(architecture)
    figures = {name: float(f"{run.test[name]:.6g}") for name in ("mse", "mae", "psnr", "ssim")}
    known: dict[str, Any] = dataclasses.asdict(trial) | figures
    return Result(
        **known,
        latent_size=report.latent_size,
        smallest=report.smallest.size,
        parameters=report.parameters,
        seconds=round(run.seconds, 1),
    )


def _append(result: Result, path: Path) -> None:
    """Adds a line to the table, with a header in a new one.

    Raises:
        PlaceError: The table can't be written any more; the line is in a file of its own then.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_line(result, path)
    except OSError as error:
        refuge = Path(tempfile.mkdtemp(prefix="cae-lab-")) / path.name
        _write_line(result, refuge)
        raise PlaceError(
            f"A table is saved where files can be made. Received: {path} ({error.strerror}); the "
            f"last result is in {refuge}. Make room, or choose another place."
        ) from error


def _write_line(result: Result, path: Path) -> None:
    """Adds a line to a file, with a header in a new one."""
    size = path.stat().st_size if path.exists() else None
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, _COLUMNS)
    if size is None:
        writer.writeheader()
    writer.writerow(dataclasses.asdict(result))
    try:
        with path.open("a", newline="") as file:
            file.write(text.getvalue())
    except OSError:
        # Part of a line would be no table any more.
        if size is not None:
            os.truncate(path, size)
        else:
            path.unlink(missing_ok=True)
        raise
