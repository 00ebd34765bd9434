"""Training within a time budget, in one or several sessions.

In each session the learning rate decays linearly to 0 at the end of the session's time, so that
every session ends with annealed weights. Importing this module imports Keras.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path

import keras
from keras import ops

from cae_core.training.callbacks import Checkpoint
from cae_core.training.history import read_history, write_history
from cae_core.zoo.cards import WEIGHTS

CHECKPOINT = "checkpoint.npz"
WARMUP_STEPS = 300


class TimeBudgetedRate(keras.callbacks.Callback):
    """Learning rate with linear warm-up in steps and linear decay in time; ends the session.

    Args:
        peak: The highest rate, which the warm-up reaches after `WARMUP_STEPS`.
        minutes: Time budget of the session.
        steps_per_execution: Steps per call of the graph, as in ``compile``.
        clock: Seconds since any fixed moment.
    """

    def __init__(
        self,
        peak: float,
        minutes: float,
        steps_per_execution: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.peak = peak
        self.seconds = 60 * minutes
        self.steps_per_execution = steps_per_execution
        self.clock = clock
        self.started = clock()
        self.steps = 0

    def on_train_batch_begin(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Sets the learning rate of the next steps."""
        left = max(0.0, 1 - (self.clock() - self.started) / self.seconds)
        rising = min(1.0, (self.steps + 1) / WARMUP_STEPS)
        self.model.optimizer.learning_rate = self.peak * rising * left
        self.steps += self.steps_per_execution

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Ends the session once its time is over."""
        if self.clock() - self.started >= self.seconds:
            self.model.stop_training = True


class SessionHistory(keras.callbacks.Callback):
    """Measures after every epoch, writes the history and saves the best weights.

    Args:
        network: Model whose weights are saved.
        folder: Folder of history and weights, which may have those of earlier sessions.
        counted: Name of the first column of the history: the training inputs so far.
        per_epoch: Training inputs per epoch.
        measure: From the logs of an epoch to the other columns of the history.
        score: From a row of the history to a number that is larger for better weights.
    """

    def __init__(
        self,
        network: keras.Model,
        folder: Path,
        *,
        counted: str,
        per_epoch: int,
        measure: Callable[[dict[str, float]], dict[str, float]],
        score: Callable[[dict[str, float]], float],
    ) -> None:
        super().__init__()
        self.network = network
        self.folder = folder
        self.counted = counted
        self.per_epoch = per_epoch
        self.measure = measure
        self.score = score
        self.rows = read_history(folder)
        self.best = max(map(score, self.rows), default=-math.inf)
        self.started = time.monotonic() - (self.rows[-1]["seconds"] if self.rows else 0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Adds a row; the model has the averaged weights here."""
        before = self.rows[-1][self.counted] if self.rows else 0
        row = {
            self.counted: before + self.per_epoch,
            "seconds": round(time.monotonic() - self.started),
            **self.measure(logs or {}),
        }
        self.rows.append(row)
        if self.score(row) > self.best:
            self.best = self.score(row)
            self.network.save_weights(self.folder / WEIGHTS)
        write_history(self.folder, self.rows)


def fit_session(
    trainer: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    batches: keras.utils.PyDataset,
    history: SessionHistory,
    folder: Path,
    *,
    minutes: float,
    peak: float,
    steps_per_execution: int,
) -> None:
    """Trains for the session's time, from the folder's checkpoint where there is one.

    Args:
        trainer: Model from a batch of inputs to losses of any shape, whose mean is minimised.
        optimizer: An optimiser with `use_ema`; validation sees the averaged weights.
        batches: An epoch of inputs; the targets are ignored.
        history: Measures every epoch and saves the best weights.
        folder: Folder of the checkpoint.
        minutes: Time budget of the session.
        peak: The highest learning rate.
        steps_per_execution: Steps per call of the graph.
    """
    trainer.compile(
        optimizer,
        loss=lambda unused, error: ops.mean(error),
        steps_per_execution=steps_per_execution,
    )
    checkpoint = Checkpoint(folder / CHECKPOINT)
    checkpoint.restore(trainer)
    trainer.fit(
        batches,
        epochs=1_000_000,  # the clock ends it
        verbose=0,
        callbacks=[
            TimeBudgetedRate(peak, minutes, steps_per_execution),
            checkpoint,  # before the averaged weights take the model's place
            keras.callbacks.SwapEMAWeights(swap_on_epoch=True),
            history,
        ],
    )
