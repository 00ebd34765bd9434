"""The fit loop: one architecture, one data set, one task, progress as data.

The training graph takes uint8 pictures: scaling, noise and whatever else the task does happen
inside it, so that a data set stays a quarter of its float size in memory. Everything is Keras
(`keras.ops`, `keras.random`, `fit`), so that the same code trains on another backend.

Importing this module imports Keras.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from cae_core.architecture import Architecture
from cae_core.build import build
from cae_core.config import TrainConfig
from cae_core.datasets import Dataset
from cae_core.errors import TrainingError
from cae_core.metrics import psnr_from_mse
from cae_core.progress import EpochRecord, Progress
from cae_core.runs import Run
from cae_core.tasks import Reconstruct, Task, check_fit

SAMPLE_COUNT = 8
# Steps taken in one call of the graph: fewer looks at the clock, still several a second.
STEPS_PER_EXECUTION = 8
# The cosine schedule rises over the first 20th of all steps, from a 20th of its peak.
WARMUP_DIVISOR = 20
REPORT_INTERVAL_SECONDS = 0.25
SAMPLE_INTERVAL_SECONDS = 1.5

# Offsets from the run's seed, so that no two streams of noise are the same.
_TRAINING_NOISE, _VALIDATION_NOISE, _SAMPLE_NOISE, _TEST_NOISE = range(4)


def train(
    architecture: Architecture,
    data: Dataset,
    *,
    task: Task | None = None,
    config: TrainConfig | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Run:
    """Trains an architecture on a data set and tests it once at the end.

    Args:
        architecture: The network; its input and output must fit the task and the pictures.
        data: Training, validation and test pictures, uint8 (N, H, W, C).
        task: What to learn; by default `Reconstruct`.
        config: Epochs, batch, learning rate, seed; by default ``TrainConfig()``.
        on_progress: Called a few times a second with a `Progress`; `print` will do.
        should_stop: Asked after every few batches; True ends the training and keeps what was
            learnt.

    Returns:
        The run: trained model, history, test figures, sample pictures.

    Raises:
        TrainingError: Where the layers do not fit each other or the pictures, or the loss is
            no longer a number.

    Example:
        >>> from cae_core.datasets import load_dataset
        >>> data = load_dataset("photo_patches", limit=256)
        >>> arch = Architecture.parse("conv4 pool | up conv3:sigmoid")
        >>> run = train(arch, data, config=TrainConfig(epochs=1))
        >>> 0 < run.test["mse"] < 0.5
        True
    """
    task = task or Reconstruct()
    config = config or TrainConfig()
    check_fit(architecture, data.image_shape, task)
    model = build(architecture, seed=config.seed)
    corruption = Corruption(task, config.seed * 10 + _TRAINING_NOISE)
    reporter = _Reporter(model, data, task, config, on_progress, should_stop)
    _fit(model, corruption, data, config, [reporter, _SameValidationNoise(corruption, config.seed)])
    return Run(
        architecture=architecture,
        task=task,
        config=config,
        dataset=data.name,
        model=model,
        history=tuple(reporter.history),
        test=evaluate(model, data.test, task, seed=config.seed),
        samples=reporter.samples(),
        seconds=time.monotonic() - reporter.started,
        stopped=reporter.was_stopped,
    )


def evaluate(
    model: keras.Model, images: np.ndarray, task: Task, *, seed: int = 0, batch_size: int = 256
) -> dict[str, float]:
    """Test figures of a model, its output cut to [0, 1] as a picture is.

    Args:
        model: The network.
        images: uint8 pictures (N, H, W, C).
        task: What the network is shown and what it shall return.
        seed: Seed of the task's noise.
        batch_size: Pictures at a time.

    Returns:
        ``mse`` and ``mae`` over all numbers, ``psnr`` in dB as the mean over the pictures, and
        ``images``, how many they were.
    """
    squared, absolute = per_image_errors(model, images, task, seed=seed, batch_size=batch_size)
    return {
        "mse": float(squared.mean()),
        "mae": float(absolute.mean()),
        "psnr": float(psnr_from_mse(squared).mean()),
        "images": len(images),
    }


def per_image_errors(
    model: keras.Model, images: np.ndarray, task: Task, *, seed: int = 0, batch_size: int = 256
) -> tuple[np.ndarray, np.ndarray]:
    """Mean squared and mean absolute error of every picture, as in `evaluate`."""
    inputs = keras.Input(images.shape[1:], dtype="uint8")
    shown = Corruption(task, seed * 10 + _TEST_NOISE)(inputs)
    clean = _scaled(inputs)
    difference = task.picture(model(shown, training=False), clean) - clean
    # (B, H, W, C) -> (B,)
    outputs = [
        ops.mean(ops.square(difference), axis=(1, 2, 3)),
        ops.mean(ops.abs(difference), axis=(1, 2, 3)),
    ]
    squared, absolute = keras.Model(inputs, outputs).predict(
        images, batch_size=batch_size, verbose=0
    )
    return np.asarray(squared, dtype=np.float64), np.asarray(absolute, dtype=np.float64)


class Corruption(keras.layers.Layer):
    """uint8 pictures -> what the network is shown: scaled to [0, 1] and damaged by the task.

    Args:
        task: What damages the pictures.
        seed: Seed of the task's noise, which is drawn anew on every call.
    """

    def __init__(self, task: Task, seed: int) -> None:
        super().__init__(name="corruption")
        self.task = task
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, images: Any) -> Any:
        """Scales and damages."""
        return self.task.corrupt(_scaled(images), self.noise)


class _TargetError(keras.losses.Loss):
    """Mean squared error between the output and the task's target of the uint8 pictures."""

    def __init__(self, task: Task) -> None:
        super().__init__(name="mean_squared_error")
        self.task = task

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_pred - self.task.target(_scaled(y_true))), axis=(1, 2, 3))


class _Batches(keras.utils.PyDataset):
    """uint8 batches as both input and target; in a new order every epoch where seeded."""

    def __init__(self, images: np.ndarray, batch_size: int, seed: int | None = None) -> None:
        super().__init__()
        self.images = images
        self.batch_size = batch_size
        self.random = None if seed is None else np.random.default_rng(seed)
        self.order = np.arange(len(images))
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self.images) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        batch = self.images[chosen]
        return batch, batch

    def on_epoch_end(self) -> None:
        """Shuffles for the next epoch."""
        if self.random is not None:
            self.random.shuffle(self.order)


def _scaled(images: Any) -> Any:
    """uint8 in 0..255 -> float32 in [0, 1]."""
    return ops.cast(images, "float32") / 255.0


def _fit(
    model: keras.Model,
    corruption: Corruption,
    data: Dataset,
    config: TrainConfig,
    callbacks: list[keras.callbacks.Callback],
) -> None:
    """Wraps the network for uint8 pictures and runs Keras's fit."""
    inputs = keras.Input(data.image_shape, dtype="uint8", name="picture")
    trainer = keras.Model(inputs, model(corruption(inputs)), name="trainer")
    batches = _Batches(data.train, config.batch_size, config.seed)
    trainer.compile(
        optimizer=keras.optimizers.Adam(_learning_rate(config, config.epochs * len(batches))),
        loss=_TargetError(corruption.task),
        steps_per_execution=min(STEPS_PER_EXECUTION, len(batches)),
    )
    trainer.fit(
        batches,
        validation_data=_Batches(data.validation, config.batch_size),
        epochs=config.epochs,
        shuffle=False,  # the batches shuffle themselves, from a seed of their own
        verbose=0,
        callbacks=callbacks,
    )


def _learning_rate(config: TrainConfig, steps: int) -> Any:
    """The step size, or its schedule over all steps of the training."""
    if config.schedule == "constant":
        return config.learning_rate
    warmup = steps // WARMUP_DIVISOR
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / WARMUP_DIVISOR,
        decay_steps=steps - warmup,
        warmup_target=config.learning_rate,
        warmup_steps=warmup,
    )


class _SameValidationNoise(keras.callbacks.Callback):
    """Shows the same noisy validation pictures every epoch, so that epochs compare."""

    def __init__(self, corruption: Corruption, seed: int) -> None:
        super().__init__()
        self.state = corruption.noise.state
        self.validation_state = keras.random.SeedGenerator(seed * 10 + _VALIDATION_NOISE).state
        self.training_state = keras.random.SeedGenerator(0).state

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        self.training_state.assign(self.state)
        self.state.assign(self.validation_state)

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        self.state.assign(self.training_state)


class _Reporter(keras.callbacks.Callback):
    """Losses, speed, time left and sample pictures a few times a second; asks whether to stop."""

    def __init__(
        self,
        network: keras.Model,
        data: Dataset,
        task: Task,
        config: TrainConfig,
        on_progress: Callable[[Progress], object] | None,
        should_stop: Callable[[], bool] | None,
    ) -> None:
        super().__init__()
        self.network = network
        self.task = task
        self.config = config
        self.on_progress = on_progress
        self.should_stop = should_stop
        self.images = len(data.train)
        self.batches = math.ceil(self.images / config.batch_size)
        self.clean = data.validation[:SAMPLE_COUNT]
        corruption = Corruption(task, config.seed * 10 + _SAMPLE_NOISE)
        self.shown = ops.convert_to_numpy(corruption(self.clean))
        self.history: list[EpochRecord] = []
        self.trace: list[tuple[float, float]] = []
        self.was_stopped = False
        self.started = time.monotonic()
        self.last_report = self.last_samples = 0.0

    def samples(self) -> np.ndarray:
        """Clean, shown and returned pictures as they are now, (3, N, H, W, C) uint8."""
        clean = self.clean / np.float32(255)
        output = self.network(self.shown, training=False)
        returned = ops.convert_to_numpy(self.task.picture(output, clean))
        # A grey input is shown in as many channels as the pictures have.
        shown = np.broadcast_to(self.shown, clean.shape)
        stack = np.stack([clean, shown, returned])
        return np.round(np.clip(stack, 0, 1) * 255).astype(np.uint8)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epoch = epoch
        self.epoch_started = time.monotonic()
        self.seen, self.summed = 0, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        mean_so_far = float((logs or {})["loss"])
        # The last group of steps of an epoch may count further than there are batches.
        self.done = min(batch + 1, self.batches)
        if not np.isfinite(mean_so_far):
            raise TrainingError(
                "The loss must stay a finite number. "
                f"Received: {mean_so_far} in epoch {self.epoch + 1}. Lower the learning rate "
                f"(now {self.config.learning_rate:g}), or end the network with :sigmoid."
            )
        if self.should_stop is not None and self.should_stop():
            self.was_stopped = self.model.stop_training = True
        if time.monotonic() - self.last_report >= REPORT_INTERVAL_SECONDS:
            # Keras gives the mean since the epoch's start: take the part since the last report.
            loss = (mean_so_far * self.done - self.summed) / (self.done - self.seen)
            self.seen, self.summed = self.done, mean_so_far * self.done
            self.trace.append((self.epoch + self.done / self.batches, loss))
            self._report(self.done, loss)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        logs = logs or {}
        seconds = time.monotonic() - self.epoch_started
        self.history.append(
            EpochRecord(epoch + 1, float(logs["loss"]), float(logs["val_loss"]), seconds)
        )
        self.last_samples = 0.0  # every epoch's end shows its pictures
        self._report(self.done, float(logs["loss"]))

    def _report(self, batch: int, loss: float) -> None:
        now = self.last_report = time.monotonic()
        if self.on_progress is None:
            return
        samples = None
        if now - self.last_samples >= SAMPLE_INTERVAL_SECONDS:
            samples, self.last_samples = self.samples(), now
        epochs_done = self.epoch + batch / self.batches
        seen = min(batch * self.config.batch_size, self.images)
        self.on_progress(
            Progress(
                epoch=self.epoch + 1,
                epochs=self.config.epochs,
                batch=batch,
                batches=self.batches,
                loss=loss,
                images_per_second=seen / max(now - self.epoch_started, 1e-9),
                seconds=now - self.started,
                seconds_left=(now - self.started) * (self.config.epochs / epochs_done - 1),
                history=tuple(self.history),
                trace=tuple(self.trace),
                samples=samples,
            )
        )
