"""The settings of a training: what is asked for, checked before anything starts."""

from __future__ import annotations

from dataclasses import dataclass

from cae_core.errors import TrainingError

SCHEDULES = ("cosine", "constant")


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training.

    Args:
        epochs: Passes over the training pictures, 1 to 1000.
        batch_size: Pictures per step, 1 to 4096.
        learning_rate: Adam's largest step size, above 0 and at most 1.
        schedule: ``cosine`` lets the step size rise over the first 20th of the training and
            then fall to 0 along half a cosine (Loshchilov & Hutter, "SGDR", ICLR 2017),
            ``constant`` keeps it.
        seed: Seed of weights, order and noise: the same seed on the same machine gives the
            same numbers.

    Raises:
        TrainingError: For a value out of range.

    Example:
        >>> TrainConfig(epochs=2).batch_size
        128
    """

    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 4e-3
    schedule: str = "cosine"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("epochs", 1, 1000),
            ("batch_size", 1, 4096),
            ("seed", 0, 2**31 - 1),
        ):
            value = getattr(self, name)
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
        if self.schedule not in SCHEDULES:
            raise TrainingError(
                f"schedule must be one of {', '.join(SCHEDULES)}. "
                f"Received: schedule={self.schedule!r}. Choose one of them."
            )
