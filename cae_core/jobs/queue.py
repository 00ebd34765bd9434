"""Training in the background: a queue of jobs, each with a folder, on any executor.

A job is a training or a learning-rate range test. Its folder is all that the two sides share:
the queue writes ``request.json``, the worker writes ``status.json`` and ``samples.npy`` as it
goes and the run's folder ``run`` (or ``learning_rate_test.json``) at the end, and a file called
``stop`` asks it to stop. So a job outlives the page that started it, and the executor may be a
process here or a cluster elsewhere.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.data.registry import Dataset, load_dataset
from cae_core.errors import CAEError, JobError
from cae_core.jobs.limits import Limits
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import LearningRateTest, find_learning_rate
from cae_core.training.progress import EpochRecord, Progress
from cae_core.training.tasks import Task, check_fit, task_from_dict, task_to_dict

QUEUED, RUNNING, FINISHED, STOPPED, FAILED = "queued", "running", "finished", "stopped", "failed"
ENDED = (FINISHED, STOPPED, FAILED)
TRAINING, RATE_TEST = "training", "learning-rate test"

REQUEST = "request.json"
STATUS = "status.json"
SAMPLES = "samples.npy"
DATA = "data.npz"
STOP = "stop"
CHECKPOINT = "checkpoint.npz"
NAME = "name.txt"
LONGEST_NAME = 60
RUN = "run"
RATE_TEST_RESULT = "learning_rate_test.json"

# Microseconds came later: jobs from before are still found.
_JOB_ID = re.compile(r"\d{8}-\d{6}(-\d{6})?-[0-9a-f]{6}")


@dataclass(frozen=True)
class JobRequest:
    """What to train.

    Attributes:
        architecture: The network.
        task: What it learns.
        config: Epochs, batch, learning rate, seed.
        dataset: A data set's name; what the app shows where the data travels with the job.
        kind: A training, or a learning-rate range test.
    """

    architecture: Architecture
    task: Task
    config: TrainConfig
    dataset: str
    kind: str = TRAINING

    def to_json(self) -> str:
        """The request as text."""
        return json.dumps(
            {
                "architecture": json.loads(self.architecture.to_json()),
                "task": task_to_dict(self.task),
                "config": dataclasses.asdict(self.config),
                "dataset": self.dataset,
                "kind": self.kind,
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> JobRequest:
        """The inverse of `to_json`."""
        data = json.loads(text)
        return cls(
            architecture=Architecture.from_json(data["architecture"]),
            task=task_from_dict(data["task"]),
            config=TrainConfig(**data["config"]),
            dataset=data["dataset"],
            kind=data.get("kind", TRAINING),  # requests from before there were tests have none
        )


@dataclass(frozen=True)
class JobStatus:
    """Where a job stands.

    Attributes:
        id: The job's id, also the name of its folder.
        state: One of queued, running, finished, stopped, failed.
        request: What was asked for.
        folder: The job's folder.
        message: What is being done, or why it failed.
        progress: The last progress; None before the first.
        position: Jobs before this one in the queue; 0 once it runs.
        name: What a person called it; empty until somebody does.
    """

    id: str
    state: str
    request: JobRequest
    folder: Path
    message: str = ""
    progress: Progress | None = None
    position: int = 0
    name: str = ""

    @property
    def is_stopping(self) -> bool:
        """Whether it was asked to stop and has not ended yet."""
        return not self.has_ended and (self.folder / STOP).exists()

    @property
    def can_resume(self) -> bool:
        """Whether it is a training that ended before its last epoch."""
        return self.request.kind == TRAINING and self.state in (FAILED, STOPPED)

    @property
    def has_checkpoint(self) -> bool:
        """Whether a resumed training would go on behind a whole epoch."""
        return (self.folder / CHECKPOINT).exists()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ENDED

    @property
    def run_folder(self) -> Path | None:
        """The finished run's folder; None where there is none."""
        folder = self.folder / RUN
        return folder if folder.is_dir() else None

    def samples(self) -> np.ndarray | None:
        """The newest sample images, (3, N, H, W, C) uint8; None before the first."""
        path = self.folder / SAMPLES
        return np.load(path, allow_pickle=False) if path.exists() else None

    def learning_rate_test(self) -> LearningRateTest | None:
        """What a learning-rate range test found; None where it has not ended well.

        Raises:
            JobError: For a file that is not whole.
        """
        path = self.folder / RATE_TEST_RESULT
        if not path.exists():
            return None
        try:
            return LearningRateTest.from_json(path.read_text())
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise JobError(
                f"A learning-rate test's folder holds {RATE_TEST_RESULT}, whole. "
                f"Received: {self.id} ({error!r}). Test again."
            ) from error


class JobQueue:
    """Jobs in a folder, run one after another by an executor.

    Args:
        folder: Where the jobs' folders are.
        executor: Anything with `submit` like `concurrent.futures.Executor`, whose workers see
            the same folder.
        limits: What one job may use; by default what the environment says.
    """

    def __init__(
        self, folder: str | Path, executor: Executor, limits: Limits | None = None
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.limits = limits or Limits.from_environment()
        self._executor = executor
        self._futures: dict[str, Future[Any]] = {}
        self._lock = threading.Lock()
        self._last_submission = datetime.min
        for status in self._read_all()[0]:
            if not status.has_ended:
                _finish(status.folder, FAILED, "The server was restarted.")

    def submit(
        self, request: JobRequest, data: Dataset | None = None, *, seconds: float | None = None
    ) -> str:
        """Queues a job.

        Args:
            request: What to train, or to test learning rates for.
            data: The images, where `request.dataset` is not a name that can be loaded.
            seconds: About how long it will take, where that is known.

        Returns:
            The job's id.

        Raises:
            CAEError: Where the request cannot be trained; nothing is queued then.
        """
        if data is not None:
            check_fit(request.architecture, data.image_shape, request.task)
        self.limits.check(request.architecture, request.config, seconds)
        job_id = self._new_id()
        folder = self.folder / job_id
        folder.mkdir()
        if data is not None:
            np.savez(folder / DATA, train=data.train, validation=data.validation, test=data.test)
        _write(folder / REQUEST, request.to_json())
        self._enqueue(folder)
        return job_id

    def _new_id(self) -> str:
        """The time of submission, later than that of every job before, and what none can guess.

        Clocks stand still for a moment and are set back; the order of ids is to be that of the
        submissions all the same.
        """
        with self._lock:
            now = max(datetime.now(), self._last_submission + timedelta(microseconds=1))
            self._last_submission = now
        return f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}"

    def resume(self, job_id: str) -> None:
        """Queues a failed or stopped training again; it goes on behind its last whole epoch.

        Raises:
            JobError: For a job that is no training, or that has not ended early.
        """
        status = self.status(job_id)
        if not status.can_resume:
            raise JobError(
                "A training that failed or was stopped can go on. "
                f"Received: a {status.request.kind} that is {status.state}. Start a new one."
            )
        (status.folder / STOP).unlink(missing_ok=True)
        shutil.rmtree(status.folder / RUN, ignore_errors=True)
        self._enqueue(status.folder)

    def rename(self, job_id: str, name: str) -> None:
        """Gives a job a name of at most 60 characters."""
        _write(self.status(job_id).folder / NAME, name.strip()[:LONGEST_NAME])

    def delete(self, job_id: str) -> None:
        """Removes a job that has ended, with all its files.

        Raises:
            JobError: For a job that waits or runs.
        """
        status = self.status(job_id)
        if not status.has_ended:
            raise JobError(
                "A job that has ended can be deleted. "
                f"Received: one that is {status.state}. Stop it first."
            )
        # Renamed first, so that nobody sees half a job.
        doomed = status.folder.rename(self.folder / f".deleted-{job_id}")
        shutil.rmtree(doomed)

    def _enqueue(self, folder: Path) -> None:
        """Hands a job's folder to the executor."""
        _write_status(folder, QUEUED, "Waiting for the worker.")
        future = self._executor.submit(run_job, str(folder))
        with self._lock:
            self._futures.pop(folder.name, None)  # a resumed job waits behind the others
            self._futures[folder.name] = future
        future.add_done_callback(lambda done: _note_death(folder, done))

    def status(self, job_id: str, kind: str | None = None) -> JobStatus:
        """Where a job stands now.

        Args:
            job_id: The job's id.
            kind: What the job must be; None takes every kind.

        Raises:
            JobError: For an id that is not a job's, or not one of this kind.
        """
        folder = self.folder / job_id
        if _JOB_ID.fullmatch(job_id) and (folder / REQUEST).exists():
            status = self._read(folder)
            if kind in (None, status.request.kind):
                return status
        raise JobError(
            f"A job's id names a {kind or TRAINING} on this server. Received: {job_id!r}. "
            f"Start a new {kind or TRAINING}."
        )

    def _read(self, folder: Path) -> JobStatus:
        """What a job's folder says."""
        job_id = folder.name
        try:
            status = json.loads((folder / STATUS).read_text())
            name = folder / NAME
            return JobStatus(
                id=job_id,
                state=status["state"],
                request=JobRequest.from_json((folder / REQUEST).read_text()),
                folder=folder,
                message=status["message"],
                progress=_progress_from_dict(status["progress"]) if status["progress"] else None,
                position=self._position(job_id) if status["state"] == QUEUED else 0,
                name=name.read_text() if name.exists() else "",
            )
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise JobError(
                f"A job's folder holds {REQUEST} and {STATUS}, both whole. "
                f"Received: {job_id} ({error!r}). Delete the folder, or train again."
            ) from error

    def jobs(self) -> list[JobStatus]:
        """All trainings, the newest first; damaged ones are left out, see `damaged`."""
        return [status for status in self._read_all()[0] if status.request.kind == TRAINING]

    def damaged(self) -> list[str]:
        """What is wrong with every job's folder that cannot be read."""
        return self._read_all()[1]

    def _read_all(self) -> tuple[list[JobStatus], list[str]]:
        """Jobs of every kind, the newest first, and the errors of those that cannot be read."""
        found, errors = [], []
        for folder in sorted(self.folder.iterdir(), reverse=True):
            if _JOB_ID.fullmatch(folder.name):
                try:
                    found.append(self.status(folder.name))
                except JobError as error:
                    errors.append(str(error))
        return found, errors

    def stop(self, job_id: str) -> None:
        """Asks a job to stop; a queued one is taken out of the queue."""
        status = self.status(job_id)
        if status.has_ended:
            return
        (status.folder / STOP).touch()
        future = self._futures.get(job_id)
        if future is not None and future.cancel():
            _finish(status.folder, STOPPED, "Stopped before it began.")

    def _position(self, job_id: str) -> int:
        """Jobs before this one that have not ended."""
        with self._lock:
            waiting = [known for known, future in self._futures.items() if not future.done()]
        return waiting.index(job_id) if job_id in waiting else 0


def warm_up() -> None:
    """Trains a tiny network on noise, in a worker that waits for its first job.

    What TensorFlow does only once, such as loading its kernels, is done then.
    """
    from cae_core.training.loop import train

    noise = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3), np.uint8)
    train(
        Architecture.parse("conv4 pool | up conv3:sigmoid"),
        Dataset("noise", noise, noise, noise),
        config=TrainConfig(epochs=1, batch_size=8),
    )


def run_job(folder_name: str) -> None:
    """The worker's side: does what a job's folder asks for and leaves the result there.

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

    _write_status(folder, RUNNING, "Loading the images.")
    try:
        data = _load_data(folder, request)
        _write_status(folder, RUNNING, "Building the network.")
        was_stopped, seconds = work(folder, request, data, should_stop)
    except CAEError as error:
        _finish(folder, FAILED, str(error))
        return
    took = f"Took {seconds:.0f} s."
    if was_stopped and not (folder / STOP).exists():
        took += f" The limit of {minutes:g} minutes was reached."
    _finish(folder, STOPPED if was_stopped else FINISHED, took)


def _train(
    folder: Path, request: JobRequest, data: Dataset, should_stop: Callable[[], bool]
) -> tuple[bool, float]:
    """Trains and leaves a run; says whether it was stopped, and the seconds it took."""
    from cae_core.training.loop import train

    def on_progress(progress: Progress) -> None:
        if progress.samples is not None:
            _write_array(folder / SAMPLES, progress.samples)
        _write_status(folder, RUNNING, "Training.", progress)

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
    _write_array(folder / SAMPLES, run.samples)
    if not run.stopped:
        (folder / CHECKPOINT).unlink(missing_ok=True)
    return run.stopped, run.seconds


def _test_learning_rates(
    folder: Path, request: JobRequest, data: Dataset, should_stop: Callable[[], bool]
) -> tuple[bool, float]:
    """Tests learning rates and leaves what was found; says the same as `_train`."""

    def on_progress(progress: Progress) -> None:
        _write_status(folder, RUNNING, "Trying learning rates.", progress)

    started = time.monotonic()
    test = find_learning_rate(
        request.architecture,
        data,
        task=request.task,
        config=request.config,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    _write(folder / RATE_TEST_RESULT, test.to_json())
    return test.stopped, time.monotonic() - started


def _load_data(folder: Path, request: JobRequest) -> Dataset:
    """The images that came with the job, or the named data set."""
    if not (folder / DATA).exists():
        return load_dataset(request.dataset, seed=request.config.seed)
    with np.load(folder / DATA, allow_pickle=False) as parts:
        return Dataset(request.dataset, parts["train"], parts["validation"], parts["test"])


def _finish(folder: Path, state: str, message: str) -> None:
    """Writes the last status, the last progress kept; images stay for what can go on."""
    request = JobRequest.from_json((folder / REQUEST).read_text())
    if state == FINISHED or request.kind == RATE_TEST:
        (folder / DATA).unlink(missing_ok=True)
    status = json.loads((folder / STATUS).read_text())
    progress = _progress_from_dict(status["progress"]) if status["progress"] else None
    _write_status(folder, state, message, progress)


def _note_death(folder: Path, future: Future[Any]) -> None:
    """Marks a job as failed where its worker did not come to the end of it."""
    if not future.cancelled() and (error := future.exception()) is not None:
        _finish(folder, FAILED, str(error))


def _write_status(folder: Path, state: str, message: str, progress: Progress | None = None) -> None:
    """Replaces the status as a whole."""
    status = {
        "state": state,
        "message": message,
        "progress": None if progress is None else _progress_to_dict(progress),
        "written": time.time(),
    }
    _write(folder / STATUS, json.dumps(status))


def _progress_to_dict(progress: Progress) -> dict[str, Any]:
    """A progress as plain data; its images travel in a file of their own."""
    return dataclasses.asdict(dataclasses.replace(progress, samples=None))


def _progress_from_dict(data: dict[str, Any]) -> Progress:
    """The inverse of `_progress_to_dict`."""
    return Progress(
        **data
        | {
            "history": tuple(EpochRecord(**record) for record in data["history"]),
            "trace": tuple((float(at), float(loss)) for at, loss in data["trace"]),
        }
    )


def _write(path: Path, text: str) -> None:
    """Writes a file so that a reader sees the old one or the new one, never a part."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text)
    partial.replace(path)


def _write_array(path: Path, array: np.ndarray) -> None:
    """The same for an array."""
    partial = path.with_name(f".{path.name}.partial.npy")
    np.save(partial, array)
    partial.replace(path)
