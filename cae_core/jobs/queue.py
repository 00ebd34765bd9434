"""Jobs one after another on any executor."""

from __future__ import annotations

import re
import secrets
import shutil
import threading
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from cae_core.data.dataset import Dataset
from cae_core.errors import JobError
from cae_core.jobs.job import (
    DATA,
    FAILED,
    NAME,
    QUEUED,
    REQUEST,
    RUN,
    STOP,
    STOPPED,
    TRAINING,
    JobRequest,
    JobStatus,
    finish,
    write_status,
    write_text,
)
from cae_core.jobs.limits import Limits
from cae_core.jobs.work import run_job
from cae_core.training.tasks import check_fit

LONGEST_NAME = 60
# Microseconds came later: jobs from before are still found.
_JOB_ID = re.compile(r"\d{8}-\d{6}(-\d{6})?-[0-9a-f]{6}")


class JobQueue:
    """Jobs in a folder, run one after another by an executor.

    Args:
        folder: Folder of the jobs' folders.
        executor: Anything with `submit` like `concurrent.futures.Executor`, whose workers see
            the same folder.
        limits: Limits of one job; by default those of the environment.
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
                finish(status.folder, FAILED, "The server was restarted.")

    def submit(
        self, request: JobRequest, data: Dataset | None = None, *, seconds: float | None = None
    ) -> str:
        """Queues a job.

        Args:
            request: The training or the learning-rate range test.
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
        write_text(folder / REQUEST, request.to_json())
        self._enqueue(folder)
        return job_id

    def _new_id(self) -> str:
        """The time of submission, later than that of every job before, and a secret.

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
        write_text(self.status(job_id).folder / NAME, name.strip()[:LONGEST_NAME])

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
        write_status(folder, QUEUED, "Waiting for the worker.")
        future = self._executor.submit(run_job, str(folder))
        with self._lock:
            self._futures.pop(folder.name, None)  # a resumed job waits behind the others
            self._futures[folder.name] = future
        future.add_done_callback(lambda done: _note_death(folder, done))

    def status(self, job_id: str, kind: str | None = None) -> JobStatus:
        """The status of a job.

        Args:
            job_id: The job's id.
            kind: The kind that the job must have; None takes every kind.

        Raises:
            JobError: For an id that is not a job's, or not one of this kind.
        """
        folder = self.folder / job_id
        if _JOB_ID.fullmatch(job_id) and (folder / REQUEST).exists():
            status = JobStatus.read(folder, self._position(job_id))
            if kind in (None, status.request.kind):
                return status
        raise JobError(
            f"A job's id names a {kind or TRAINING} on this server. Received: {job_id!r}. "
            f"Start a new {kind or TRAINING}."
        )

    def jobs(self) -> list[JobStatus]:
        """All trainings, the newest first; damaged ones are left out, see `damaged`."""
        return [status for status in self._read_all()[0] if status.request.kind == TRAINING]

    def damaged(self) -> list[str]:
        """The error of every job's folder that cannot be read."""
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
            finish(status.folder, STOPPED, "Stopped before it began.")

    def _position(self, job_id: str) -> int:
        """Jobs before this one that have not ended."""
        with self._lock:
            waiting = [known for known, future in self._futures.items() if not future.done()]
        return waiting.index(job_id) if job_id in waiting else 0


def _note_death(folder: Path, future: Future[Any]) -> None:
    """Marks a job as failed where its worker did not come to the end of it."""
    if not future.cancelled() and (error := future.exception()) is not None:
        finish(folder, FAILED, str(error))
