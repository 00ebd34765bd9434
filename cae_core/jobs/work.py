"""The worker's side of a job: does what its folder asks for and leaves the result there."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.data.registry import Dataset, load_dataset
from cae_core.errors import CAEError
from cae_core.jobs.job import (
    CHECKPOINT,
    DATA,
    FAILED,
    FINISHED,
    RATE_TEST,
    RATE_TEST_RESULT,
    REQUEST,
    RUN,
    RUNNING,
    SAMPLES,
    STOP,
    STOPPED,
    JobRequest,
    finish,
    write_array,
    write_status,
    write_text,
)
from cae_core.jobs.limits import Limits
from cae_core.long_work import ShouldStop
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import find_learning_rate
from cae_core.training.progress import Progress


def run_job(folder_name: str) -> None:
    """Does a job.

    Args:
        folder_name: The job's folder.
    """
    folder = Path(folder_name)
    request = JobRequest.from_json((folder / REQUEST).read_text())
    work = _test_learning_rates if request.kind == RATE_TEST else _train
    parent = os.getppid()
    minutes = Limits.from_environment().minutes
    deadline = time.monotonic() + 60 * minutes

    def should_stop() -> bool:
        # A job whose server is gone has nobody left to tell.
        return (folder / STOP).exists() or time.monotonic() > deadline or os.getppid() != parent

    write_status(folder, RUNNING, "Loading the images.")
    try:
        data = _load_data(folder, request)
        write_status(folder, RUNNING, "Building the network.")
        was_stopped, seconds = work(folder, request, data, should_stop)
    except CAEError as error:
        finish(folder, FAILED, str(error))
        return
    took = f"Took {seconds:.0f} s."
    if was_stopped and time.monotonic() > deadline:
        took += f" The limit of {minutes:g} minutes was reached."
    finish(folder, STOPPED if was_stopped else FINISHED, took)


def _train(
    folder: Path, request: JobRequest, data: Dataset, should_stop: ShouldStop
) -> tuple[bool, float]:
    """Trains and leaves a run: whether it was stopped, and the seconds it took."""
    from cae_core.training.loop import train

    def on_progress(progress: Progress) -> None:
        if progress.samples is not None:
            write_array(folder / SAMPLES, progress.samples)
        write_status(folder, RUNNING, "Training.", progress)

    run = train(
        request.architecture,
        data,
        task=request.task,
        config=request.config,
        on_progress=on_progress,
        should_stop=should_stop,
        checkpoint=folder / CHECKPOINT,
    )
    run.save(folder / RUN)
    write_array(folder / SAMPLES, run.samples)
    if not run.stopped:
        (folder / CHECKPOINT).unlink(missing_ok=True)
    return run.stopped, run.seconds


def _test_learning_rates(
    folder: Path, request: JobRequest, data: Dataset, should_stop: ShouldStop
) -> tuple[bool, float]:
    """Tests learning rates and leaves the result; returns the same as `_train`."""

    def on_progress(progress: Progress) -> None:
        write_status(folder, RUNNING, "Trying learning rates.", progress)

    started = time.monotonic()
    test = find_learning_rate(
        request.architecture,
        data,
        task=request.task,
        config=request.config,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    write_text(folder / RATE_TEST_RESULT, test.to_json())
    return test.stopped, time.monotonic() - started


def _load_data(folder: Path, request: JobRequest) -> Dataset:
    """The images that came with the job, or those of the named data set."""
    if not (folder / DATA).exists():
        return load_dataset(request.dataset, seed=request.config.seed)
    with np.load(folder / DATA, allow_pickle=False) as parts:
        return Dataset(request.dataset, parts["train"], parts["validation"], parts["test"])


def warm_up() -> None:
    """Trains a tiny network on noise, in a worker that waits for its first job.

    So what TensorFlow does only once, such as loading its kernels, is done before.
    """
    from cae_core.training.loop import train

    noise = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), np.uint8)
    train(
        Architecture.parse("conv4 pool | up conv3:sigmoid"),
        Dataset("noise", noise, noise, noise),
        config=TrainConfig(epochs=1, batch_size=8),
    )
