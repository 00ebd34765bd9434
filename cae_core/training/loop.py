"""The training loop: one architecture, one data set, one task.

The training graph takes uint8 images: they are scaled and corrupted inside it, so that a data set
stays a quarter of its float size in memory. Everything is Keras (`keras.ops`, `keras.random`,
`fit`), so that the same code trains on another backend. Importing this module imports Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.data.dataset import Dataset
from cae_core.errors import StoppedError
from cae_core.files import Guard
from cae_core.long_work import ShouldStop
from cae_core.models.builder import build, build_for_training
from cae_core.models.precision import training_dtype
from cae_core.training.callbacks import (
    BestEpoch,
    Checkpoint,
    Reporter,
    SameValidationNoise,
)
from cae_core.training.config import TrainConfig
from cae_core.training.evaluation import (
    SAMPLE_COUNT,
    TRAINING_NOISE,
    VALIDATION_NOISE,
    Corruption,
    Samples,
    mean_figures,
    per_image_errors,
    samples_of,
)
from cae_core.training.losses import LOSS_FUNCTIONS, ImageLoss, TargetLoss
from cae_core.training.progress import Progress
from cae_core.training.runs import Run
from cae_core.training.snapshot_taker import SnapshotTaker
from cae_core.training.tasks import Reconstruct, Task, check_fit, check_loss

# Steps taken in one call of the graph: fewer looks at the clock, still several a second.
STEPS_PER_EXECUTION = 8
# The cosine schedule rises over the first 20th of all steps, from a 20th of its peak; the
# one-cycle schedule over the first third, from a 25th.
COSINE_WARMUP, COSINE_START = 1 / 20, 1 / 20
ONE_CYCLE_WARMUP, ONE_CYCLE_START = 1 / 3, 1 / 25


@dataclass(frozen=True, eq=False)
class Start:
    """Initial weights and frozen layers of a training.

    Attributes:
        weights: Initial weights, as `get_weights` of the architecture's model gives them; None
            for random ones.
        frozen: Names of layers that are not trained, see `architecture.Layer.keras_name`.
    """

    weights: Sequence[np.ndarray] | None = None
    frozen: Collection[str] = ()

    def apply(self, network: keras.Model) -> None:
        """Gives a network these weights and freezes its layers."""
        if self.weights is not None:
            network.set_weights(self.weights)
        for name in self.frozen:
            network.get_layer(name).trainable = False


def train(
    architecture: Architecture,
    data: Dataset,
    *,
    task: Task | None = None,
    config: TrainConfig | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    should_stop: ShouldStop | None = None,
    checkpoint: str | Path | None = None,
    on_unwritten: Callable[[OSError], object] | None = None,
    checkpoint_guard: Guard = nullcontext,
    loss: ImageLoss | None = None,
    start: Start | None = None,
    seconds_before: float = 0.0,
) -> Run:
    """Trains an architecture on a data set and tests it once at the end.

    The weights of the epoch with the lowest validation loss are kept; where the training was
    stopped, the weights it had then.

    Args:
        architecture: The network; its input and output must fit the task and the images.
        data: Training, validation and test images, uint8 (N, H, W, C).
        task: Task to train on; by default `Reconstruct`.
        config: Epochs, batch, loss, learning rate, seed; by default ``TrainConfig()``.
        on_progress: Called a few times a second with a `Progress`; `print` will do.
        should_stop: Asked after every few batches; True ends the training at once and keeps
            the weights so far.
        checkpoint: A ``.npz`` file that is written after every epoch. Where it is there
            already, the training goes on from it.
        on_unwritten: Called once where that file cannot be written, and the training goes on
            without it; by default the error ends the training.
        checkpoint_guard: Called for what is held while that file is replaced; what it raises ends
            the training, and the file stays as it was.
        loss: A loss in place of the one that `config` names, for example
            `cae_core.recipes.feature_loss.FeatureLoss`.
        start: Initial weights; by default random ones, all of them trained.
        seconds_before: Time that was spent on it before, where it is resumed; at least that of
            the epochs in the checkpoint is counted.

    Returns:
        The run: trained model, history, test figures, sample images.

    Raises:
        TrainingError: Where the layers do not fit each other, the network not the images, the
            loss not the task, or the loss is no longer a number.

    Example:
        >>> from cae_core.data.registry import load_dataset
        >>> data = load_dataset("photo_patches", limit=256)
        >>> arch = Architecture.parse("conv4 pool | up conv3:sigmoid")
        >>> run = train(arch, data, config=TrainConfig(epochs=1))
        >>> 0 < run.test["mse"] < 0.5
        True
    """
    task = task or Reconstruct()
    config = config or TrainConfig()
    report = check_fit(architecture, data.image_shape, task)
    check_loss(config.loss, task, architecture)
    dtype = training_dtype(report, config.precision)
    network = build_for_training(architecture, seed=config.seed, dtype=dtype)
    if start is not None:
        start.apply(network)
    task.prepare(network)
    corruption = Corruption(task, config.seed * 10 + TRAINING_NOISE)
    samples = Samples(network, task, data.validation[:SAMPLE_COUNT], config.seed)
    reporter = Reporter(
        config, len(data.train), samples.now, on_progress, should_stop, seconds_before
    )
    best = BestEpoch(network, config.patience)
    steps = math.ceil(len(data.train) / config.batch_size)
    taker = SnapshotTaker(samples, config.epochs * steps, steps)
    state = None
    if checkpoint is not None:
        state = Checkpoint(
            Path(checkpoint),
            corruption.noise,
            best,
            reporter,
            taker,
            on_unwritten,
            checkpoint_guard,
        )
    target_loss = TargetLoss(task, loss or LOSS_FUNCTIONS[config.loss])
    was_stopped = _fit(network, corruption, target_loss, data, config, reporter, best, taker, state)
    reporter.report_testing()
    if not was_stopped:
        best.restore()
    # What is tested, saved and used on photos is the network as it was written.
    model = build(architecture, seed=config.seed)
    model.set_weights(network.get_weights())
    samples.model = model
    seconds = reporter.seconds
    errors = per_image_errors(model, data.test, task, seed=config.seed)
    return Run(
        architecture=architecture,
        task=task,
        config=config,
        dataset=data.name,
        model=model,
        history=tuple(reporter.history),
        test=mean_figures(*errors),
        errors=errors[0],
        extremes=_extremes(model, data.test, errors[0], task, config.seed),
        samples=samples.now(),
        seconds=seconds,
        stopped=was_stopped,
        snapshots=taker.snapshots(),
    )


def _extremes(
    model: keras.Model, images: np.ndarray, errors: np.ndarray, task: Task, seed: int
) -> np.ndarray:
    """Samples of the images with the largest and the smallest errors, (2, 3, N, H, W, C) uint8."""
    order = np.argsort(errors)
    extremes = order[::-1][:SAMPLE_COUNT], order[:SAMPLE_COUNT]
    return np.stack([samples_of(model, task, images[chosen], seed) for chosen in extremes])


class Batches(keras.utils.PyDataset):
    """uint8 batches as both input and target; shuffled anew every epoch where a seed is given."""

    def __init__(
        self, images: np.ndarray, batch_size: int, seed: int | None = None, epoch: int = 0
    ) -> None:
        super().__init__()
        self.images = images
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = epoch
        self.order = self._new_order()

    def _new_order(self) -> np.ndarray:
        """Order of an epoch, by seed and epoch alone, so that a resumed training has the same."""
        if self.seed is None:
            return np.arange(len(self.images))
        return np.random.default_rng([self.seed, self.epoch]).permutation(len(self.images))

    def __len__(self) -> int:
        return math.ceil(len(self.images) / self.batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        batch = self.images[chosen]
        return batch, batch

    def on_epoch_end(self) -> None:
        """Shuffles for the next epoch."""
        self.epoch += 1
        self.order = self._new_order()

    def release(self) -> None:
        """Drops the images: TensorFlow keeps every generator that it ever read from."""
        self.images = self.images[:0].copy()


def _fit(
    model: keras.Model,
    corruption: Corruption,
    loss: TargetLoss,
    data: Dataset,
    config: TrainConfig,
    reporter: Reporter,
    best: BestEpoch,
    taker: SnapshotTaker,
    state: Checkpoint | None,
) -> bool:
    """Trains the network on uint8 images with Keras's `fit`; True where it was stopped."""
    inputs = keras.Input(data.image_shape, dtype="uint8", name="image")
    trainer = keras.Model(inputs, model(corruption(inputs)), name="trainer")
    steps = math.ceil(len(data.train) / config.batch_size)
    trainer.compile(
        optimizer=make_optimizer(config, config.epochs * steps),
        loss=loss,
        steps_per_execution=min(STEPS_PER_EXECUTION, steps),
    )
    epochs_done = 0 if state is None else state.restore(trainer) // steps
    if epochs_done and best.has_waited(epochs_done):
        return False
    noise = SameValidationNoise(corruption.noise, config.seed * 10 + VALIDATION_NOISE)
    training_batches = Batches(data.train, config.batch_size, config.seed, epochs_done)
    validation_batches = Batches(data.validation, config.batch_size)
    try:
        trainer.fit(
            training_batches,
            validation_data=validation_batches,
            epochs=config.epochs,
            initial_epoch=epochs_done,
            shuffle=False,  # the batches shuffle themselves, from a seed of their own
            verbose=0,
            callbacks=[noise, best, reporter, taker, *([state] if state else [])],
        )
    except StoppedError:
        return True
    finally:
        training_batches.release()
        validation_batches.release()
    return False


def make_optimizer(config: TrainConfig, steps: int) -> keras.optimizers.Optimizer:
    """The optimiser, with the schedule of its learning rate over all steps of the training."""
    rate = learning_rate_schedule(config, steps)
    if config.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9)
    if config.optimizer == "adamw":
        return keras.optimizers.AdamW(rate)
    return keras.optimizers.Adam(rate)


def learning_rate_schedule(config: TrainConfig, steps: int) -> Any:
    """The schedule of a training's learning rate, or the rate where it is constant.

    Args:
        config: Its schedule and its highest rate.
        steps: Steps of the whole training.
    """
    if config.schedule == "constant":
        return config.learning_rate
    warmup, start = COSINE_WARMUP, COSINE_START
    if config.schedule == "one_cycle":
        warmup, start = ONE_CYCLE_WARMUP, ONE_CYCLE_START
    warmup_steps = int(steps * warmup)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate * start,
        decay_steps=steps - warmup_steps,
        warmup_target=config.learning_rate,
        warmup_steps=warmup_steps,
    )
