"""Callbacks of a training: validation noise, the best epoch, the checkpoint, reports.

Keras callbacks for `cae_core.training.loop`; importing this module imports Keras.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path

import keras
import numpy as np
from keras import ops

from cae_core.errors import TrainingError
from cae_core.files import Guard, write_arrays
from cae_core.formats import counted
from cae_core.long_work import ShouldStop, stop_if
from cae_core.training.config import TrainConfig
from cae_core.training.progress import EpochRecord, Progress
from cae_core.training.snapshot_taker import SnapshotTaker
from cae_core.training.snapshots import Snapshots

REPORT_INTERVAL_SECONDS = 0.25
SAMPLE_INTERVAL_SECONDS = 1.5
LONGEST_TRACE = 600


class SameValidationNoise(keras.callbacks.Callback):
    """Gives validation the same noise every epoch, so that epochs compare.

    Args:
        noise: The generator that training and validation draw from.
        seed: Seed of the validation's noise.
    """

    def __init__(self, noise: keras.random.SeedGenerator, seed: int) -> None:
        super().__init__()
        self.state = noise.state
        self.validation_state = keras.random.SeedGenerator(seed).state
        self.training_state = keras.random.SeedGenerator(0).state

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Swaps the validation's noise in."""
        self.training_state.assign(self.state)
        self.state.assign(self.validation_state)

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Swaps the training's noise in."""
        self.state.assign(self.training_state)


class BestEpoch(keras.callbacks.Callback):
    """Keeps the weights of the epoch with the lowest validation loss; may end the training early.

    Args:
        network: The network that is trained.
        patience: Epochs without a better validation loss after which the training ends; None
            never ends it.
    """

    def __init__(self, network: keras.Model, patience: int | None) -> None:
        super().__init__()
        self.network = network
        self.patience = patience
        self.loss = math.inf
        self.epoch = 0
        self.weights: list[np.ndarray] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Compares this epoch with the best."""
        loss = float((logs or {})["val_loss"])
        if loss < self.loss:
            self.loss, self.epoch = loss, epoch + 1
            self.weights = self.network.get_weights()
        elif self.has_waited(epoch + 1):
            self.model.stop_training = True

    def has_waited(self, epochs_done: int) -> bool:
        """True after as many epochs without a better one as there is patience for."""
        return self.patience is not None and epochs_done - self.epoch >= self.patience

    def restore(self) -> None:
        """Gives the network the best epoch's weights."""
        if self.weights:
            self.network.set_weights(self.weights)


class Checkpoint(keras.callbacks.Callback):
    """Saves the state of a training after every epoch, and restores it.

    The file is a plain ``.npz``: weights, the optimiser's variables and the state of layers that
    draw at random, and as far as they are given the noise generator's state, the best epoch with
    its weights, the history, the trace and the snapshots.

    Args:
        path: The file.
        noise: The generator of the training's noise.
        best: The best epoch so far.
        reporter: Has the history and the trace of the losses.
        taker: Has the snapshots.
        on_unwritten: Called once where the file cannot be written, and the training goes on; by
            default that ends it.
        guard: See `replacing`.
    """

    def __init__(
        self,
        path: Path,
        noise: keras.random.SeedGenerator | None = None,
        best: BestEpoch | None = None,
        reporter: Reporter | None = None,
        taker: SnapshotTaker | None = None,
        on_unwritten: Callable[[OSError], object] | None = None,
        guard: Guard = nullcontext,
    ) -> None:
        super().__init__()
        self.path = path
        self.noise = noise
        self.best = best
        self.reporter = reporter
        self.taker = taker
        self.on_unwritten = on_unwritten
        self.guard = guard
        self.is_unwritten = False

    def _variables(self, trainer: keras.Model) -> dict[str, keras.Variable]:
        """All variables of the training, by their names in the file."""
        named = {f"weight_{i}": variable for i, variable in enumerate(trainer.weights)}
        for i, variable in enumerate(trainer.optimizer.variables):
            named[f"optimizer_{i}"] = variable
        if self.noise is not None:
            named["noise"] = self.noise.state
        known = {id(variable) for variable in named.values()}
        drawing = (variable for variable in trainer.variables if id(variable) not in known)
        return named | {f"seed_{i}": variable for i, variable in enumerate(drawing)}

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Replaces the file as a whole."""
        arrays = {
            name: ops.convert_to_numpy(ops.convert_to_tensor(variable))
            for name, variable in self._variables(self.model).items()
        }
        if self.best is not None:
            arrays |= {f"best_{i}": value for i, value in enumerate(self.best.weights)}
            arrays["best"] = np.array([self.best.epoch, self.best.loss])
        if self.reporter is not None:
            history = [[*vars(record).values()] for record in self.reporter.history]
            arrays |= {"history": np.array(history), "trace": np.array(self.reporter.trace)}
        snapshots = self.taker and self.taker.snapshots()
        if snapshots is not None:
            arrays |= {f"snapshots_{name}": array for name, array in vars(snapshots).items()}
        try:
            write_arrays(self.path, arrays, self.guard)
        except OSError as error:
            if self.on_unwritten is None:
                raise
            if not self.is_unwritten:
                self.on_unwritten(error)
            self.is_unwritten = True  # said once; every epoch tries again

    def restore(self, trainer: keras.Model) -> int:
        """Restores the state that the file holds, if it is there.

        Args:
            trainer: The compiled model; its optimiser's variables are made here.

        Returns:
            Steps that the optimiser has done; 0 where there is no file.

        Raises:
            TrainingError: Where the file is not this training's checkpoint.
        """
        trainer.optimizer.build(trainer.trainable_variables)
        if not self.path.exists():
            return 0
        try:
            with np.load(self.path, allow_pickle=False) as arrays:
                for name, variable in self._variables(trainer).items():
                    variable.assign(arrays[name])
                if self.best is not None:
                    count = len(trainer.weights)
                    self.best.weights = [arrays[f"best_{i}"] for i in range(count)]
                    epoch, self.best.loss = map(float, arrays["best"])
                    self.best.epoch = int(epoch)
                if self.reporter is not None:
                    self.reporter.history += [
                        EpochRecord(int(epoch), *map(float, rest))
                        for epoch, *rest in arrays["history"]
                    ]
                    self.reporter.note_time_before()
                    if "trace" in arrays:  # not in checkpoints of earlier versions
                        self.reporter.trace += [(float(at), float(y)) for at, y in arrays["trace"]]
                if self.taker is not None and "snapshots_epochs" in arrays:
                    names = [item.name for item in fields(Snapshots)]
                    self.taker.resume(Snapshots(*(arrays[f"snapshots_{n}"] for n in names)))
        except Exception as error:  # NumPy and zipfile raise whatever a flipped bit leads to
            raise TrainingError(
                "A checkpoint is whole, and of this network and its settings. "
                f"Received: {self.path.name}, which is not. Start a new training."
            ) from error
        return int(trainer.optimizer.iterations)


class Reporter(keras.callbacks.Callback):
    """Reports losses, speed, time left and samples a few times a second; asks whether to stop.

    Args:
        config: The settings of the training.
        images: Number of training images.
        samples: Returns the sample images as they are now.
        on_progress: Called with every report.
        should_stop: True ends the training at once.
        seconds_before: Time that was spent on it before it was resumed.
    """

    def __init__(
        self,
        config: TrainConfig,
        images: int,
        samples: Callable[[], np.ndarray],
        on_progress: Callable[[Progress], object] | None,
        should_stop: ShouldStop | None,
        seconds_before: float = 0.0,
    ) -> None:
        super().__init__()
        self.config = config
        self.images = images
        self.batches = math.ceil(images / config.batch_size)
        self.samples = samples
        self.on_progress = on_progress
        self.should_stop = should_stop
        self.seconds_before = seconds_before
        self.history: list[EpochRecord] = []
        self.trace: list[tuple[float, float]] = []
        self.started = time.monotonic()
        self.last_report = 0.0
        # The first report has no images: the first loss should not wait for them.
        self.last_samples = self.started
        self.last_progress: Progress | None = None

    @property
    def seconds(self) -> float:
        """Time spent on the training so far, also before it was resumed."""
        return self.seconds_before + time.monotonic() - self.started

    def note_time_before(self) -> None:
        """Counts the time of the whole epochs in the history, where no more is known."""
        known = sum(record.seconds for record in self.history)
        self.seconds_before = max(self.seconds_before, known)

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Counts the epochs of the training that is resumed."""
        self.epochs_before = len(self.history)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Starts the epoch's clock."""
        self.epoch = epoch
        self.epoch_started = time.monotonic()
        self.seen, self.summed = 0, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Reports; ends the training where the loss is no number, or where it is to stop."""
        mean_so_far = float((logs or {})["loss"])
        # The last group of steps of an epoch may count further than there are batches.
        self.done = min(batch + 1, self.batches)
        if not np.isfinite(mean_so_far):
            raise TrainingError(
                "The loss must stay a finite number. "
                f"Received: {mean_so_far} in epoch {self.epoch + 1}. Lower the learning rate "
                f"(now {self.config.learning_rate:g}), or end the network with :sigmoid."
            )
        if time.monotonic() - self.last_report >= REPORT_INTERVAL_SECONDS:
            # Keras gives the mean since the epoch's start: take the part since the last report.
            loss = (mean_so_far * self.done - self.summed) / (self.done - self.seen)
            self.seen, self.summed = self.done, mean_so_far * self.done
            self.trace.append((self.epoch + self.done / self.batches, loss))
            self._thin_trace()
            self._report(loss)
        is_complete = self.epoch + 1 == self.config.epochs and self.done == self.batches
        if not is_complete:
            # It leaves `fit` in the middle of an epoch.
            stop_if(self.should_stop, "The training", counted(self.epoch, "epoch"))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Notes the epoch's losses."""
        logs = logs or {}
        seconds = time.monotonic() - self.epoch_started
        self.history.append(
            EpochRecord(epoch + 1, float(logs["loss"]), float(logs["val_loss"]), seconds)
        )
        self.last_samples = 0.0  # every epoch's end shows its images
        self._report(float(logs["loss"]))

    def _thin_trace(self) -> None:
        """Halves a long trace by taking means of pairs, so that a report stays small."""
        if len(self.trace) > LONGEST_TRACE:
            *even, last = self.trace  # an odd number: it is thinned as soon as it is too long
            pairs = np.array(even).reshape(-1, 2, 2).mean(axis=1)
            self.trace = [*((float(at), float(loss)) for at, loss in pairs), last]

    def _report(self, loss: float) -> None:
        now = self.last_report = time.monotonic()
        if self.on_progress is None:
            return
        samples = None
        if now - self.last_samples >= SAMPLE_INTERVAL_SECONDS:
            samples, self.last_samples = self.samples(), now
        done_here = self.epoch + self.done / self.batches - self.epochs_before
        to_do = self.config.epochs - self.epochs_before
        seen = min(self.done * self.config.batch_size, self.images)
        self.last_progress = Progress(
            epoch=self.epoch + 1,
            epochs=self.config.epochs,
            batch=self.done,
            batches=self.batches,
            loss=loss,
            images_per_second=seen / max(now - self.epoch_started, 1e-9),
            seconds=self.seconds,
            seconds_left=(now - self.started) * (to_do / done_here - 1),
            history=tuple(self.history),
            trace=tuple(self.trace),
            samples=samples,
        )
        self.on_progress(self.last_progress)

    def report_testing(self) -> None:
        """Reports that the training has ended and the test has begun."""
        if self.on_progress is not None and self.last_progress is not None:
            self.on_progress(replace(self.last_progress, samples=None, is_testing=True))
