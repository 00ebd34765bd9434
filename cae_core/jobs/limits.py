"""Limits of a host: on one training, on those that wait, on how long they are kept.

The defaults fit a host with 2 cores and 2.7 GB. Environment variables change them, see
`Limits.from_environment`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import BYTES_PER_NUMBER, analyze
from cae_core.errors import JobError
from cae_core.training.config import TrainConfig

# A worker with TensorFlow, Keras and a data set like CIFAR-10 in memory.
BASE_MEMORY_MB = 800
# Weights, gradients, two moments of Adam, and the best epoch's copy.
NUMBERS_PER_PARAMETER = 5
# Days after which a host deletes runs; on one's own machine they stay.
HOSTED_RUN_DAYS = 30.0
# Every activation is kept for the way back, and has a gradient.
NUMBERS_PER_ACTIVATION = 2


# The environment variable of every limit.
VARIABLES = {
    "parameters": "CAE_MAX_PARAMETERS",
    "memory_mb": "CAE_MAX_MEMORY_MB",
    "minutes": "CAE_MAX_JOB_MINUTES",
    "waiting": "CAE_MAX_WAITING",
    "waiting_per_visitor": "CAE_MAX_WAITING_PER_VISITOR",
    "sweeps": "CAE_MAX_SWEEPS",
    "sweep_hours": "CAE_MAX_SWEEP_HOURS",
    "run_days": "CAE_KEEP_RUNS_DAYS",
    "upload_days": "CAE_KEEP_UPLOADS_DAYS",
}


@dataclass(frozen=True)
class Limits:
    """Limits of trainings on a host.

    Attributes:
        parameters: Number of weights of one network.
        memory_mb: Estimated memory of one training's worker, in MB.
        minutes: Time that a training may take; it is stopped then, and its weights are kept.
        waiting: Jobs that may wait in all.
        waiting_per_visitor: Jobs of one visitor that may wait.
        sweeps: Sweeps that may be under way in all; of one visitor one may be.
        sweep_hours: Estimated time that a sweep may take.
        run_days: Days after its end at which a job is deleted; None keeps it.
        upload_days: Days after which an unfinished training's uploaded images are deleted.
    """

    parameters: int = 25_000_000
    memory_mb: int = 1_600
    minutes: float = 30.0
    waiting: int = 20
    waiting_per_visitor: int = 2
    sweeps: int = 4
    sweep_hours: float = 24.0
    run_days: float | None = None
    upload_days: float = 7.0

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] | None = None, *, hosted: bool = False
    ) -> Limits:
        """The host's limits.

        Args:
            environment: By default that of the process.
            hosted: True on a server for others, where runs are not kept for ever.

        Raises:
            JobError: For a variable that is not a number above 0.

        Example:
            >>> Limits.from_environment({"CAE_MAX_JOB_MINUTES": "5"}).minutes
            5.0
            >>> Limits.from_environment({}, hosted=True).run_days
            30.0
        """
        values = os.environ if environment is None else environment
        defaults = cls(run_days=HOSTED_RUN_DAYS if hosted else None)
        given: dict[str, Any] = {}
        for name, variable in VARIABLES.items():
            default = getattr(defaults, name)
            number = _number(values, variable, default)
            given[name] = max(1, int(number)) if isinstance(default, int) and number else number
        return cls(**given)

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
        self.check_time(seconds)

    def check_time(self, seconds: float | None) -> None:
        """Refuses a training that would take longer than the host grants.

        Args:
            seconds: About how long it will take; None where that is not known.

        Raises:
            JobError: Naming the limit and the remedy.
        """
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


def shared_runs(environment: Mapping[str, str] | None = None, *, hosted: bool) -> bool:
    """Whether visitors see each other's runs: as ``CAE_SHARED_RUNS`` says, 1 or 0.

    Args:
        environment: By default that of the process.
        hosted: True on a server for others, where they do not unless the variable is set.

    Raises:
        JobError: For another value.

    Example:
        >>> shared_runs({}, hosted=True), shared_runs({"CAE_SHARED_RUNS": "1"}, hosted=True)
        (False, True)
    """
    values = os.environ if environment is None else environment
    text = values.get("CAE_SHARED_RUNS", "")
    if text not in ("", "0", "1"):
        raise JobError(f"CAE_SHARED_RUNS is 0 or 1. Received: {text!r}. Correct or unset it.")
    return text == "1" if text else not hosted


def _number(values: Mapping[str, str], name: str, default: float | None) -> float | None:
    """A variable's value, or the default where it is not set."""
    text = values.get(name, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise JobError(f"{name} is a number above 0. Received: {text!r}. Correct or unset it.")
    return number
