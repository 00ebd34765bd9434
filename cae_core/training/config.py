"""The settings of a training, checked before anything starts.

Importing this module does not import Keras.
"""

from __future__ import annotations

from dataclasses import dataclass

from cae_core.errors import TrainingError
from cae_core.formats import counted

OPTIMIZER_TITLES = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD, momentum 0.9"}
SCHEDULE_TITLES = {"cosine": "Cosine", "one_cycle": "One cycle", "constant": "Constant"}
PRECISION_TITLES = {"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16"}
# Title of every loss; the functions are in `cae_core.training.losses`.
LOSS_TITLES = {
    "mse": "Mean squared error",
    "mae": "Mean absolute error",
    "bce": "Binary cross-entropy",
    "ssim": "1 - SSIM",
}
SCHEDULES, OPTIMIZERS = tuple(SCHEDULE_TITLES), tuple(OPTIMIZER_TITLES)
LOSSES, PRECISIONS = tuple(LOSS_TITLES), tuple(PRECISION_TITLES)


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training.

    Args:
        epochs: Passes over the training images, 1 to 1000.
        batch_size: Images per step, 1 to 4096.
        learning_rate: The optimiser's largest step size, above 0 and at most 1.
        schedule: ``cosine`` lets the step size rise over the first 20th of the training and
            then fall to 0 along half a cosine (Loshchilov & Hutter, "SGDR", ICLR 2017),
            ``one_cycle`` lets it rise over the first third (Smith, "Super-Convergence", 2018),
            ``constant`` keeps it.
        optimizer: ``adam``, ``adamw`` (Keras's weight decay of 0.004) or ``sgd`` (momentum 0.9).
        loss: A name of `LOSS_TITLES`; ``bce`` takes every number for a probability.
        precision: ``float32``; ``bfloat16`` computes all layers but the last in half as many bits
            and keeps the weights in float32; ``auto`` does so where the processor has
            instructions for it and the network gains from it (see `cae_core.models.precision`).
        patience: Epochs without a better validation loss after which training ends early, 1 to
            1000; None trains all epochs.
        seed: Seed of weights, order and noise: the same seed on the same machine gives the
            same numbers.

    Raises:
        TrainingError: For a value out of range.

    Example:
        >>> print(TrainConfig(epochs=2))
        2 epochs, batch 128, adam, learning rate 0.004 (cosine), loss mse
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 4e-3
    schedule: str = "cosine"
    optimizer: str = "adam"
    loss: str = "mse"
    precision: str = "auto"
    patience: int | None = None
    seed: int = 0

    def __str__(self) -> str:
        early = "" if self.patience is None else f" at most, {self.patience} without a better one"
        return (
            f"{counted(self.epochs, 'epoch')}{early}, batch {self.batch_size}, {self.optimizer}, "
            f"learning rate {self.learning_rate:g} ({self.schedule.replace('_', '-')}), "
            f"loss {self.loss}"
        )

    def __post_init__(self) -> None:
        for name, low, high in (
            ("epochs", 1, 1000),
            ("batch_size", 1, 4096),
            ("seed", 0, 2**31 - 1),
            ("patience", 1, 1000),
        ):
            value = getattr(self, name)
            if name == "patience" and value is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise TrainingError(
                    f"{name} must be a whole number from {low} to {high:,}. "
                    f"Received: {name}={value!r}. Choose one in that range."
                )
        if not 0 < self.learning_rate <= 1:
            raise TrainingError(
                "learning_rate must be above 0 and at most 1. "
                f"Received: learning_rate={self.learning_rate!r}. Adam's usual one is 0.001."
            )
        for name, known in (
            ("schedule", SCHEDULES),
            ("optimizer", OPTIMIZERS),
            ("loss", LOSSES),
            ("precision", PRECISIONS),
        ):
            if getattr(self, name) not in known:
                raise TrainingError(
                    f"{name} must be one of {', '.join(known)}. "
                    f"Received: {name}={getattr(self, name)!r}. Choose one of them."
                )
