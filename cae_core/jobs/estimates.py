"""Estimate of the duration of a training on this machine, from two measured trainings.

A step's time grows with the network's multiply-accumulates and has a part that every image
costs. Two short trainings of known networks give both parts; the estimate for another network
follows. It is right within a factor of two for networks like those of the presets, and says
"about".
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import get_preset
from cae_core.architecture.report import analyze
from cae_core.errors import RecordError
from cae_core.files import write_text
from cae_core.formats import counted, format_bytes, format_duration
from cae_core.jobs.limits import memory_estimate_mb
from cae_core.jobs.storage import runs_folder
from cae_core.records import read_json
from cae_core.studies.sweep import Trial
from cae_core.training.config import TrainConfig

SPEED_FILE = "speed.json"  # in the folder of runs
MEASURED_PRESETS = ("homework", "strided-bn")
# Compiling the graph, loading the images, testing at the end.
FIXED_SECONDS = 4.0
_MOST = 1e6  # seconds
_IMAGES = 640
_BATCH = 128


@dataclass(frozen=True)
class Calibration:
    """The speed of a machine.

    Attributes:
        seconds_per_image: Seconds that every training image takes.
        seconds_per_mac: Seconds that every multiply-accumulate of the forward pass takes.
    """

    seconds_per_image: float
    seconds_per_mac: float

    def __post_init__(self) -> None:
        # Above that a flipped bit speaks, and an estimate may be infinite.
        if not (0 < self.seconds_per_image < _MOST and 0 <= self.seconds_per_mac < _MOST):
            raise RecordError("has times that no machine needs")

    def seconds(self, architecture: Architecture, images: int, epochs: int) -> float:
        """About how long a training takes.

        Args:
            architecture: The network.
            images: Training images.
            epochs: Passes over them.

        Example:
            >>> speed = Calibration(seconds_per_image=1e-4, seconds_per_mac=0.0)
            >>> round(speed.seconds(get_preset("homework").architecture, 10_000, 2))
            6
        """
        one = self.seconds_per_image + self.seconds_per_mac * analyze(architecture).macs
        return FIXED_SECONDS + images * epochs * one

    @classmethod
    def load(cls, path: str | Path) -> Calibration | None:
        """Reads what `calibrate` wrote; None where it has not yet, or where the file is damaged."""
        try:
            return read_json(cls, Path(path))
        except RecordError:
            return None


class Price(NamedTuple):
    """The price of a sweep: its trainings, their time and memory.

    Attributes:
        trainings: Number of trainings.
        seconds: About how long they take; None where the machine's speed is not known.
        memory_mb: About how much memory the trainings take that run at the same time, in MB.
        longest: About how many seconds the longest training takes; None as for `seconds`.
    """

    trainings: int
    seconds: float | None
    memory_mb: float
    longest: float | None = None

    def __str__(self) -> str:
        took = "" if self.seconds is None else f"about {format_duration(round(self.seconds))}, "
        memory = format_bytes(1e6 * self.memory_mb)
        return f"{counted(self.trainings, 'training')}, {took}{memory} of memory"


def price_of(
    trials: Sequence[Trial], images: int, speed: Calibration | None, at_once: int = 1
) -> Price:
    """The price of a sweep, before it starts.

    Args:
        trials: Its trainings, at least one.
        images: Number of training images.
        speed: The machine's speed; None where it is not known.
        at_once: Number of trainings that run at the same time.

    Example:
        >>> speed = Calibration(seconds_per_image=1e-4, seconds_per_mac=0.0)
        >>> print(price_of([Trial("conv4 pool | up conv3", 2)] * 3, 10_000, speed))
        3 trainings, about 18 s, 813 MB of memory
    """
    networks = [Architecture.parse(trial.network) for trial in trials]
    seconds = longest = None
    if speed is not None:
        each = zip(networks, trials, strict=True)
        times = [speed.seconds(network, images, trial.epochs) for network, trial in each]
        seconds, longest = sum(times) / at_once, max(times)
    memory = max(memory_estimate_mb(network, TrainConfig()) for network in set(networks))
    return Price(len(trials), seconds, memory * min(at_once, len(trials)), longest)


def known_or_measured_speed() -> Calibration:
    """The speed that the app has measured on this machine, or else a new measurement.

    A measurement takes half a minute.
    """
    known = Calibration.load(runs_folder() / SPEED_FILE)
    if known is not None:
        return known
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / SPEED_FILE
        calibrate_apart(str(path))
        return read_json(Calibration, path)


def calibrate_apart(path: str) -> None:
    """Runs `calibrate` in a process of its own, which takes its memory with it when it ends.

    Args:
        path: File for the JSON that `Calibration.load` reads.
    """
    subprocess.run(  # noqa: S603 - our own module, no shell
        [sys.executable, "-m", "cae_core.jobs.estimates", path],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def calibrate(path: str) -> None:
    """Measures this machine and writes the result.

    Args:
        path: File for the JSON that `Calibration.load` reads.
    """
    (slow_macs, slow), (fast_macs, fast) = sorted(
        (analyze(get_preset(name).architecture).macs, _seconds_per_image(name))
        for name in MEASURED_PRESETS
    )[::-1]
    per_mac = max(0.0, (slow - fast) / (slow_macs - fast_macs))
    measured = Calibration(max(1e-6, fast - per_mac * fast_macs), per_mac)
    write_text(path, json.dumps(asdict(measured)))


def _seconds_per_image(preset: str) -> float:
    """The time of a training step by image: the faster of two epochs behind the first.

    The first compiles; and what else the machine does at the moment is not its speed.
    """
    import numpy as np

    from cae_core.data.dataset import Dataset
    from cae_core.training.loop import train

    images = np.random.default_rng(0).integers(0, 256, (_IMAGES, 32, 32, 3), np.uint8)
    few = images[:8]
    run = train(
        get_preset(preset).architecture,
        Dataset("noise", images, few, few),
        config=TrainConfig(epochs=3, batch_size=_BATCH),
    )
    return min(record.seconds for record in run.history[1:]) / _IMAGES


if __name__ == "__main__":
    calibrate(sys.argv[1])
