"""Limits of one training on a host: parameters, memory, time; checked before anything starts.

The defaults fit a host with 2 cores and 2.7 GB. Environment variables change them:
``CAE_MAX_PARAMETERS``, ``CAE_MAX_MEMORY_MB``, ``CAE_MAX_JOB_MINUTES``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import BYTES_PER_NUMBER, analyze
from cae_core.errors import JobError
from cae_core.training.config import TrainConfig

# A worker with TensorFlow, Keras and a data set like CIFAR-10 in memory.
BASE_MEMORY_MB = 800
# Weights, gradients, two moments of Adam, and the best epoch's copy.
NUMBERS_PER_PARAMETER = 5
# Every activation is kept for the way back, and has a gradient.
NUMBERS_PER_ACTIVATION = 2


@dataclass(frozen=True)
class Limits:
    """Limits of one training.

    Attributes:
        parameters: Number of weights of the network.
        memory_mb: Estimated memory of the worker, in MB.
        minutes: Time that a training may take; it is stopped then, and its weights are kept.
    """

    parameters: int = 25_000_000
    memory_mb: int = 1_600
    minutes: float = 30.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Limits:
        """The host's limits.

        Raises:
            JobError: For a variable that is not a number above 0.

        Example:
            >>> Limits.from_environment({"CAE_MAX_JOB_MINUTES": "5"}).minutes
            5.0
        """
        values = os.environ if environment is None else environment
        return cls(
            parameters=int(_number(values, "CAE_MAX_PARAMETERS", cls.parameters)),
            memory_mb=int(_number(values, "CAE_MAX_MEMORY_MB", cls.memory_mb)),
            minutes=_number(values, "CAE_MAX_JOB_MINUTES", cls.minutes),
        )

    def check(
        self, architecture: Architecture, config: TrainConfig, seconds: float | None = None
    ) -> None:
        """Refuses a training that would use more than the host grants.

        Args:
            architecture: The network.
            config: The settings.
            seconds: About how long it will take, where that is known.

        Raises:
            JobError: Naming the limit, by how much it is exceeded, and the remedy.
        """
        parameters = analyze(architecture).parameters
        if parameters > self.parameters:
            raise JobError(
                f"A network on this server has at most {self.parameters:,} parameters. "
                f"Received: {parameters:,}, {parameters / self.parameters:.1f} times as many. "
                "Use fewer channels, or smaller dense layers."
            )
        memory = memory_estimate_mb(architecture, config)
        if memory > self.memory_mb:
            raise JobError(
                f"A training on this server uses at most {self.memory_mb:,} MB. "
                f"Received: one of about {memory:,.0f} MB, {memory - self.memory_mb:,.0f} too "
                "many. Use a smaller batch, fewer channels or a smaller input."
            )
        if seconds is not None and seconds > 60 * self.minutes:
            raise JobError(
                f"A training on this server takes at most {self.minutes:g} minutes. "
                f"Received: one of about {seconds / 60:.0f} minutes. "
                "Use fewer epochs, fewer channels or less data."
            )


def memory_estimate_mb(architecture: Architecture, config: TrainConfig) -> float:
    """About how much memory a training takes, in MB.

    Args:
        architecture: The network.
        config: Its batch size counts.

    Example:
        >>> homework = Architecture.parse("conv8 pool conv12 pool conv16 | up conv12 up conv3")
        >>> memory_estimate_mb(homework, TrainConfig()) < 900
        True
    """
    report = analyze(architecture, batch_size=config.batch_size)
    weights = report.parameters * BYTES_PER_NUMBER * NUMBERS_PER_PARAMETER
    activations = report.activation_bytes * NUMBERS_PER_ACTIVATION
    return BASE_MEMORY_MB + (weights + activations) / 1e6


def _number(values: Mapping[str, str], name: str, default: float) -> float:
    """A variable's value, or the default where it is not set."""
    text = values.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError:
        number = 0.0
    if not number > 0:
        raise JobError(f"{name} is a number above 0. Received: {text!r}. Correct or unset it.")
    return number
