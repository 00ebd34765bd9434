"""Learning-rate range test: the rates a network can train with, found in one short training.

Importing this module does not import Keras; `find_learning_rate` does.
"""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.data.dataset import Dataset
from cae_core.errors import RecordError, TrainingError
from cae_core.long_work import ShouldStop
from cae_core.records import Measured, parse_json
from cae_core.training.config import TrainConfig
from cae_core.training.progress import Progress
from cae_core.training.tasks import Reconstruct, Task, check_fit, check_loss

# Share of the running mean that stays at every step.
SMOOTHING = 0.9
# A smoothed loss above this many times its best ends the test.
DIVERGED = 4.0
# The suggestion lies this far below the rate of the lowest smoothed loss.
MARGIN = 10.0
# A loss that never falls to this part of its start suggests no rate.
LEAST_FALL = 0.95
STEPS, FEWEST_STEPS, MOST_STEPS = 100, 10, 10_000
REPORT_INTERVAL_SECONDS = 0.25


@dataclass(frozen=True)
class LearningRateTest:
    """Result of a learning-rate range test.

    Attributes:
        rates: The learning rate of every step taken, rising by a constant factor.
        losses: The smoothed training loss after every step, as many as `rates`.
        suggestion: A learning rate for this network; None where the test suggests none.
        reason: One sentence on the origin of the suggestion, or why there is none.
        stopped: True where it was stopped before its last step.
    """

    rates: tuple[float, ...]
    losses: tuple[Measured, ...]
    suggestion: float | None
    reason: str
    stopped: bool = False

    def __post_init__(self) -> None:
        suggests_nothing = self.suggestion is None
        if len(self.rates) != len(self.losses) or not (self.rates or suggests_nothing):
            raise RecordError("has other losses than learning rates")

    def to_json(self) -> str:
        """The test as JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LearningRateTest:
        """The inverse of `to_json`.

        Raises:
            RecordError: The text is something else.

        Example:
            >>> test = suggest([0.001, 0.01, 0.1], [0.5, 0.2, 0.1])
            >>> LearningRateTest.from_json(test.to_json()) == test
            True
        """
        return parse_json(cls, text)


def find_learning_rate(
    architecture: Architecture,
    data: Dataset,
    *,
    task: Task | None = None,
    config: TrainConfig | None = None,
    lowest: float = 1e-5,
    highest: float = 1.0,
    steps: int = STEPS,
    on_progress: Callable[[Progress], object] | None = None,
    should_stop: ShouldStop | None = None,
) -> LearningRateTest:
    """Trains a throwaway network for some steps while the learning rate rises.

    The rate grows by a constant factor from batch to batch. The test ends early where the
    smoothed loss exceeds 4 times its best. `suggest` says which rate is suggested.

    Source: Smith, "Cyclical Learning Rates for Training Neural Networks", WACV 2017, where the
    rate rises linearly; growing exponentially it passes through several powers of ten.

    Args:
        architecture: The network.
        data: Its training images are used, no others.
        task: Task to train on; by default `Reconstruct`.
        config: Batch size, loss, optimiser and seed are used; its learning rate, schedule and
            epochs are not.
        lowest: The first step's learning rate, above 0.
        highest: The last step's learning rate, above `lowest` and at most 1.
        steps: Batches to train on, 10 to 10,000.
        on_progress: Called a few times a second with a `Progress` of one epoch.
        should_stop: Asked after every step; True ends the test.

    Returns:
        Rates, losses and suggestion. The same seed on the same machine gives the same.

    Raises:
        TrainingError: For values out of range; where network, images, task and loss do not
            fit each other; where the loss is not a number in the first step.

    Example:
        >>> from cae_core.data.registry import load_dataset
        >>> data = load_dataset("photo_patches", limit=256)
        >>> network = Architecture.parse("conv4 pool | up conv3:sigmoid")
        >>> test = find_learning_rate(network, data, steps=20)
        >>> len(test.rates) == len(test.losses), test.rates[0]
        (True, 1e-05)
    """
    _check_range(lowest, highest, steps)
    task = task or Reconstruct()
    config = config or TrainConfig()
    check_fit(architecture, data.image_shape, task)
    step = _step_function(architecture, data, task, config)
    rates = [float(rate) for rate in np.geomspace(lowest, highest, steps)]
    report = _Reporter(config, steps, on_progress)
    losses: list[float] = []
    running_mean = 0.0
    for number, rate in enumerate(rates, start=1):
        loss = step(number - 1, rate)
        running_mean = SMOOTHING * running_mean + (1 - SMOOTHING) * loss
        # The mean starts from 0: without this factor the first losses would look too small.
        smoothed = running_mean / (1 - SMOOTHING**number)
        if not math.isfinite(smoothed):
            break
        losses.append(smoothed)
        report(number, smoothed)
        if smoothed > DIVERGED * min(losses):
            break
        if number < steps and should_stop is not None and should_stop():
            reason = f"The test was stopped after {number} of {steps} steps."
            return LearningRateTest(
                tuple(rates[:number]), tuple(losses), None, reason, stopped=True
            )
    if not losses:
        raise TrainingError(
            "The loss must be a finite number in the first step. "
            f"Received: {loss}. End the network with :sigmoid."
        )
    return suggest(rates[: len(losses)], losses)


def suggest(rates: Sequence[float], losses: Sequence[float]) -> LearningRateTest:
    """The result of a test whose rates and smoothed losses are known.

    Suggested is a tenth of the rate at which the smoothed loss was lowest, to two digits. There
    the steps are as large as they can be just before they start to undo each other; a tenth of
    it leaves room for a whole training, and makes up for the mean's lagging behind. The rule is
    the one called "minimum" in the library fastai.

    Args:
        rates: Rising learning rates, at least one.
        losses: The smoothed loss at each of them.

    Returns:
        The test with suggestion and reason; no suggestion where the loss fell by less than 5 %.

    Example:
        >>> test = suggest([0.001, 0.01, 0.1, 1.0], [0.5, 0.2, 0.1, 0.9])
        >>> test.suggestion
        0.01
        >>> print(test.reason)
        A tenth of 0.1, where the smoothed loss was lowest before it rose again.
    """
    best = int(np.argmin(losses))
    suggestion: float | None = float(f"{rates[best] / MARGIN:.2g}")
    # A single first loss is one batch's; the first tenth of them tells better where it began.
    start = float(np.median(losses[: max(1, len(losses) // 10)]))
    if losses[best] > LEAST_FALL * start:
        suggestion = None
        reason = (
            f"The loss fell by less than 5 % between {rates[0]:.2g} and {rates[-1]:.2g}: "
            "take more steps, or other rates."
        )
    elif best == len(losses) - 1:
        reason = (
            f"A tenth of {rates[best]:.2g}, the highest rate tried, where the smoothed loss was "
            "still falling."
        )
    else:
        reason = (
            f"A tenth of {rates[best]:.2g}, where the smoothed loss was lowest before it rose "
            "again."
        )
    return LearningRateTest(tuple(rates), tuple(losses), suggestion, reason)


def _check_range(lowest: float, highest: float, steps: int) -> None:
    """Refuses rates and steps that make no test."""
    if not 0 < lowest < highest <= 1:
        raise TrainingError(
            "The rates of a test rise from above 0 to at most 1. "
            f"Received: lowest={lowest!r}, highest={highest!r}. Use 1e-5 and 1."
        )
    if (
        not isinstance(steps, int)
        or isinstance(steps, bool)
        or not (FEWEST_STEPS <= steps <= MOST_STEPS)
    ):
        raise TrainingError(
            f"steps must be a whole number from {FEWEST_STEPS} to {MOST_STEPS:,}. "
            f"Received: steps={steps!r}. {STEPS} will do."
        )


def _step_function(
    architecture: Architecture, data: Dataset, task: Task, config: TrainConfig
) -> Callable[[int, float], float]:
    """A throwaway network and a function (step, rate) that trains it on the step's batch.

    The function returns the batch's loss before the step. Graph, order of the images, noise
    and optimiser are those of `train`.
    """
    import keras

    from cae_core.models.builder import build
    from cae_core.training.evaluation import TRAINING_NOISE, Corruption
    from cae_core.training.loop import Batches, make_optimizer
    from cae_core.training.losses import LOSS_FUNCTIONS, TargetLoss

    check_loss(config.loss, task, architecture)
    inputs = keras.Input(data.image_shape, dtype="uint8", name="image")
    corruption = Corruption(task, config.seed * 10 + TRAINING_NOISE)
    network = build(architecture, seed=config.seed)
    task.prepare(network)
    trainer = keras.Model(inputs, network(corruption(inputs)))
    # With a schedule the optimiser would set the rate by itself.
    optimizer = make_optimizer(dataclasses.replace(config, schedule="constant"), steps=1)
    trainer.compile(optimizer=optimizer, loss=TargetLoss(task, LOSS_FUNCTIONS[config.loss]))
    batches = Batches(data.train, config.batch_size, config.seed)
    # Whole batches only, where there is one: a smaller one would be another graph.
    count = max(1, len(data.train) // config.batch_size)

    def step(number: int, rate: float) -> float:
        if number > 0 and number % count == 0:
            batches.on_epoch_end()
        optimizer.learning_rate = rate
        return float(trainer.train_on_batch(*batches[number % count]))

    return step


class _Reporter:
    """Calls `on_progress` a few times a second, and after the last step.

    Speed and time left are those of the steps behind the first, which compiles the graph.
    """

    def __init__(
        self,
        config: TrainConfig,
        steps: int,
        on_progress: Callable[[Progress], object] | None,
    ) -> None:
        self.batch_size = config.batch_size
        self.steps = steps
        self.on_progress = on_progress
        self.started = self.compiled = self.last_report = time.monotonic()

    def __call__(self, done: int, loss: float) -> None:
        """Reports where enough time has passed."""
        now = time.monotonic()
        if done == 1:
            self.compiled = self.last_report = now
        is_due = done == self.steps or now - self.last_report >= REPORT_INTERVAL_SECONDS
        if self.on_progress is None or not is_due:
            return
        self.last_report = now
        seconds = max(now - self.compiled, 1e-9)
        self.on_progress(
            Progress(
                epoch=1,
                epochs=1,
                batch=done,
                batches=self.steps,
                loss=loss,
                images_per_second=(done - 1) * self.batch_size / seconds,
                seconds=now - self.started,
                seconds_left=seconds * (self.steps - done) / (done - 1),
            )
        )
