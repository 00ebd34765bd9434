"""Progress of a training, as data that can be printed, drawn or sent elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cae_core.errors import RecordError
from cae_core.records import Measured


@dataclass(frozen=True)
class EpochRecord:
    """The losses after one epoch."""

    epoch: int
    loss: Measured
    validation_loss: Measured
    seconds: float


@dataclass(frozen=True)
class Progress:
    """Progress of a training.

    Attributes:
        epoch: The epoch being trained, counted from 1.
        epochs: Number of epochs.
        batch: Batches done in this epoch.
        batches: Batches per epoch.
        loss: Mean training loss since the last report; None before the first batch.
        images_per_second: Training speed of this epoch so far.
        seconds: Time spent on it, also before it was resumed.
        seconds_left: Estimate of the time left.
        history: One record for every finished epoch.
        trace: Training loss between reports as (epochs done, loss) pairs.
        samples: (3, N, H, W, C) uint8: N validation images, the network's inputs and its outputs
            now; None where there are no newer ones.
        is_testing: True once the training has ended and the network is being tested.
    """

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: Measured | None
    images_per_second: float
    seconds: float
    seconds_left: float
    history: tuple[EpochRecord, ...] = ()
    trace: tuple[tuple[float, Measured], ...] = ()
    samples: np.ndarray | None = field(default=None, repr=False, compare=False)
    is_testing: bool = False

    def __post_init__(self) -> None:
        if min(self.epoch, self.epochs, self.batch + 1, self.batches) < 1:
            raise RecordError("has counts that no training reaches")

    @property
    def fraction(self) -> float:
        """Share of the training that is done, from 0 to 1."""
        return min(1.0, (self.epoch - 1 + self.batch / self.batches) / self.epochs)

    def __str__(self) -> str:
        if self.is_testing:
            return f"epoch {self.epoch}/{self.epochs}  testing"
        loss = "" if self.loss is None else f"  loss {self.loss:.5f}"
        checked = f"  validation {self.history[-1].validation_loss:.5f}" if self.history else ""
        return (
            f"epoch {self.epoch}/{self.epochs}  batch {self.batch}/{self.batches}{loss}{checked}  "
            f"{self.images_per_second:,.0f} images/s  {self.seconds_left:.0f} s left"
        )
