"""The worker's side of a job: does what its folder asks for and leaves the result there."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from pathlib import Path

import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.data.registry import Dataset, load_dataset
from cae_core.errors import CAEError, JobError, RecordError
from cae_core.files import write_text
from cae_core.formats import format_duration
from cae_core.jobs.job import (
    BUILDING,
    CHECKPOINT,
    DATA,
    FAILED,
    FINISHED,
    LOADING,
    RATE_TEST,
    RATE_TEST_RESULT,
    RUN,
    RUNNING,
    SAMPLES,
    STOP,
    STOPPED,
    End,
    EndReason,
    JobRequest,
    JobStatus,
    finish,
    read_request,
    write_array,
    write_status,
)
from cae_core.jobs.limits import Limits
from cae_core.jobs.storage import Lease, LeaseLostError, is_disk_full, storage_error
from cae_core.records import read_images
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import find_learning_rate
from cae_core.training.progress import Progress


class _Watch:
    """Whether a job is to stop, and why: the first reason that came true.

    Args:
        folder: The job's folder.
        minutes: Time that the job may take.
    """

    def __init__(self, folder: Path, minutes: float) -> None:
        self.folder = folder
        self.minutes = minutes
        self.deadline = time.monotonic() + 60 * minutes
        self.parent = os.getppid()
        self.reason: EndReason | None = None

    def should_stop(self) -> bool:
        """Notes the reason to stop; True where there is one."""
        if self.reason is None:
            if (self.folder / STOP).exists():
                self.reason = EndReason.PERSON
            elif time.monotonic() > self.deadline:
                self.reason = EndReason.TIME_LIMIT
            elif os.getppid() != self.parent:
                # A job whose server is gone has nobody left to tell.
                self.reason = EndReason.SERVER_GONE
        return self.reason is not None

    def end(self, was_stopped: bool, seconds: float) -> End:
        """The end of a job that left a result."""
        took = f"Took {format_duration(round(seconds))}."
        if not was_stopped or self.reason is None:
            return End(FINISHED, EndReason.COMPLETED, took)
        why = {
            EndReason.PERSON: "Stopped by hand.",
            EndReason.TIME_LIMIT: f"The limit of {self.minutes:g} minutes was reached.",
            EndReason.SERVER_GONE: "The server ended before it.",
        }
        return End(STOPPED, self.reason, f"{took} {why[self.reason]}")


def run_job(folder_name: str, token: str) -> dict[str, str] | None:
    """Does a job and notes its end.

    Args:
        folder_name: The job's folder.
        token: The token of its lease. Once another has the lease, nothing more is written.

    Returns:
        The end as a dictionary where it could not be noted; the server has to remember it.
    """
    lease = Lease(Path(folder_name), token)
    try:
        end = _work(lease)
        try:
            with lease.held():
                finish(lease.folder, end)
        except OSError:
            return dataclasses.asdict(end)
    except LeaseLostError:
        pass  # the job is another worker's, who will tell of it
    return None


def _work(lease: Lease) -> End:
    """Does a job; returns its end."""
    folder = lease.folder
    try:
        request = read_request(folder)
        watch = _Watch(folder, Limits.from_environment().minutes)
        earlier = JobStatus.read(folder).progress  # of a training that is resumed
        _write_status(lease, LOADING, earlier)
        data = _load_data(folder, request)
        _write_status(lease, BUILDING, earlier)
        if request.kind == RATE_TEST:
            return watch.end(*_test_learning_rates(lease, request, data, watch))
        seconds_before = 0.0 if earlier is None else earlier.seconds
        return watch.end(*_train(lease, request, data, watch, seconds_before))
    except CAEError as error:
        return End(FAILED, EndReason.ERROR, str(error))
    except (OSError, RuntimeError) as error:
        if is_disk_full(error):
            return End(FAILED, EndReason.DISK_FULL, str(storage_error(error)))
        if isinstance(error, OSError):
            return End(FAILED, EndReason.ERROR, str(storage_error(error)))
        raise


def _train(
    lease: Lease, request: JobRequest, data: Dataset, watch: _Watch, seconds_before: float
) -> tuple[bool, float]:
    """Trains and leaves a run: whether it was stopped, and the seconds it took in all."""
    from cae_core.training.loop import train

    folder = lease.folder

    def on_progress(progress: Progress) -> None:
        if progress.samples is not None:
            _write_array(lease, folder / SAMPLES, progress.samples)
        _write_status(lease, "Training.", progress)

    run = train(
        request.architecture,
        data,
        task=request.task,
        config=request.config,
        on_progress=on_progress,
        should_stop=watch.should_stop,
        checkpoint=folder / CHECKPOINT,
        checkpoint_guard=lease.held,
        seconds_before=seconds_before,
    )
    own = folder / f".run-{lease.token}"
    try:
        run.save(own)
        with lease.held():
            # A resumed training's network so far stays until there is a better one.
            shutil.rmtree(folder / RUN, ignore_errors=True)
            own.replace(folder / RUN)
    finally:
        shutil.rmtree(own, ignore_errors=True)
    _write_array(lease, folder / SAMPLES, run.samples)
    if not run.stopped:
        with lease.held():
            (folder / CHECKPOINT).unlink(missing_ok=True)
    return run.stopped, run.seconds


def _test_learning_rates(
    lease: Lease, request: JobRequest, data: Dataset, watch: _Watch
) -> tuple[bool, float]:
    """Tests learning rates and leaves the result; returns the same as `_train`."""

    def on_progress(progress: Progress) -> None:
        _write_status(lease, "Trying learning rates.", progress)

    started = time.monotonic()
    test = find_learning_rate(
        request.architecture,
        data,
        task=request.task,
        config=request.config,
        on_progress=on_progress,
        should_stop=watch.should_stop,
    )
    with lease.held():
        write_text(lease.folder / RATE_TEST_RESULT, test.to_json())
    return test.stopped, time.monotonic() - started


def _write_status(lease: Lease, message: str, progress: Progress | None = None) -> None:
    """Writes that the job runs, and how far it has come."""
    with lease.held():
        write_status(lease.folder, RUNNING, message, progress)


def _write_array(lease: Lease, path: Path, array: np.ndarray) -> None:
    """Writes an array of the job."""
    with lease.held():
        write_array(path, array)


def _load_data(folder: Path, request: JobRequest) -> Dataset:
    """The images that came with the job, or those of the named data set."""
    if not (folder / DATA).exists():
        return load_dataset(request.dataset, seed=request.config.seed)
    try:
        train, validation, test = (
            read_images(folder / DATA, name=part) for part in ("train", "validation", "test")
        )
    except RecordError as error:
        raise JobError(
            f"The images of a training are kept with it, whole. Received: {error}. "
            "Upload them again, and start a new training."
        ) from error
    return Dataset(request.dataset, train, validation, test)


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
