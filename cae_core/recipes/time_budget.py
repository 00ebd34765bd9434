"""Training by the clock, in several sessions: what the recipes of the photo networks share.

In each session the learning rate falls to nothing by the end of its time, so that it ends with
weights worth keeping. Importing this module imports Keras.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import keras
import numpy as np
from keras import ops

HISTORY, CHECKPOINT = "history.csv", "checkpoint.npz"
WARMUP_STEPS = 300


class RateByTheClock(keras.callbacks.Callback):
    """The learning rate falls along a line, to nothing when the session's time is over.

    Args:
        peak: The highest rate, reached after `WARMUP_STEPS`.
        minutes: How long the session lasts.
        steps_per_execution: As in ``compile``.
    """

    def __init__(self, peak: float, minutes: float, steps_per_execution: int) -> None:
        super().__init__()
        self.peak = peak
        self.seconds = 60 * minutes
        self.steps_per_execution = steps_per_execution
        self.started = time.monotonic()
        self.steps = 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Sets the rate of the next few steps."""
        left = max(0.0, 1 - (time.monotonic() - self.started) / self.seconds)
        rising = min(1.0, (self.steps + 1) / WARMUP_STEPS)
        self.model.optimizer.learning_rate = self.peak * rising * left
        self.steps += self.steps_per_execution

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Ends the session."""
        if time.monotonic() - self.started >= self.seconds:
            self.model.stop_training = True


class SessionCheckpoint(keras.callbacks.Callback):
    """Weights and the optimiser's variables in one file after every epoch.

    Args:
        folder: Where the file is.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / CHECKPOINT

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Replaces the file as a whole."""
        values = [*self.model.weights, *self.model.optimizer.variables]
        partial = self.path.with_suffix(".partial.npz")
        np.savez(partial, *[ops.convert_to_numpy(ops.convert_to_tensor(v)) for v in values])
        partial.replace(self.path)

    def restore(self, trainer: keras.Model) -> None:
        """Reads the file, if it is there, into the model and its optimiser."""
        if not self.path.exists():
            return
        with np.load(self.path) as arrays:
            values = [arrays[name] for name in arrays.files]
        for variable, value in zip(
            [*trainer.weights, *trainer.optimizer.variables], values, strict=True
        ):
            variable.assign(value)


def read_history(folder: Path) -> list[dict[str, float]]:
    """All rows of a network's history.csv; none before the first session."""
    path = folder / HISTORY
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def write_history(folder: Path, rows: list[dict[str, float]]) -> None:
    """Replaces a network's history.csv."""
    with (folder / HISTORY).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows({name: f"{value:.10g}" for name, value in row.items()} for row in rows)


def add_session_arguments(
    parser: argparse.ArgumentParser, folder: Path, *, minutes: float, rate: float
) -> None:
    """Declares what every recipe asks about a session.

    Args:
        parser: The recipe's.
        folder: Where the recipe stands.
        minutes: How long a session usually is.
        rate: The usual highest learning rate.
    """
    parser.add_argument("--minutes", type=float, default=minutes, help="time of this session")
    parser.add_argument("--rate", type=float, default=rate, help="the highest learning rate")
    parser.add_argument("--out", type=Path, default=folder, help="folder of weights and history")
    parser.add_argument("--dtype", default="float32", choices=("float32", "mixed_bfloat16"))


def fit_session(
    trainer: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    batches: keras.utils.PyDataset,
    validation: keras.callbacks.Callback,
    folder: Path,
    *,
    minutes: float,
    peak: float,
    steps_per_execution: int,
) -> None:
    """Trains until the session's time is over, from the folder's checkpoint where there is one.

    Args:
        trainer: A model from a batch to its loss, of any shape.
        optimizer: With `use_ema`: what is validated has the averaged weights.
        batches: An epoch of inputs; the target is not used.
        validation: Called at the end of every epoch; keeps the best weights.
        folder: Where the checkpoint is.
        minutes: How long.
        peak: The highest learning rate.
        steps_per_execution: Steps in one call of the graph.
    """
    trainer.compile(
        optimizer,
        loss=lambda unused, error: ops.mean(error),
        steps_per_execution=steps_per_execution,
    )
    optimizer.build(trainer.trainable_variables)
    saved = SessionCheckpoint(folder)
    saved.restore(trainer)
    trainer.fit(
        batches,
        epochs=1_000_000,  # the clock ends it
        verbose=0,
        callbacks=[
            RateByTheClock(peak, minutes, steps_per_execution),
            saved,  # before the averaged weights take the model's place
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            validation,
        ],
    )
