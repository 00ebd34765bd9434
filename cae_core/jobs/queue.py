"""Jobs one after another on any executor."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cae_core.data.dataset import Dataset
from cae_core.errors import JobError, WorkerError
from cae_core.files import replacing, write_text
from cae_core.jobs.cluster import Pool, local_pool
from cae_core.jobs.job import (
    DATA,
    DATA_EXPIRED,
    FAILED,
    NAME,
    OWNER,
    QUEUED,
    REQUEST,
    STATUS,
    STOP,
    STOPPED,
    SWEEP,
    TRAINING,
    End,
    EndReason,
    JobRequest,
    JobStatus,
    finish,
    is_one_of,
    owners_of,
    shown_name,
    write_status,
)
from cae_core.jobs.limits import Limits
from cae_core.jobs.storage import Lease, claim, storage_error
from cae_core.jobs.sweeps import check_sweep, in_thread, work_on_sweep
from cae_core.jobs.work import run_job
from cae_core.training.progress import Progress
from cae_core.training.tasks import check_fit

SECONDS_PER_DAY = 86_400
EXPIRY_INTERVAL_SECONDS = 3_600
# Microseconds came later: jobs from before are still found.
_ID = r"\d{8}-\d{6}(-\d{6})?-[0-9a-f]{6}"
_JOB_ID = re.compile(_ID)
_DELETED = ".deleted-"
# Folders that a killed server was deleting or had only begun to write.
_LEFT_BEHIND = re.compile(rf"\.(deleted-{_ID}|{_ID}\.[0-9a-f]{{32}}\.partial)")


class JobQueue:
    """Jobs in a folder, run one after another by an executor. The folder belongs to one queue.

    Args:
        folder: Folder of the jobs' folders.
        executor: Anything with `submit` like `concurrent.futures.Executor`, whose workers see
            the same folder.
        limits: Limits of one job and of all; by default those of the environment.
        pool: Gives the pool in which the trainings of sweeps run, or raises a `JobError`; by
            default the executor, which gets one of each sweep at a time, so that everybody else's
            jobs have their turns between them.

    Raises:
        JobError: Where another server has the folder, or where it cannot be written to.
    """

    def __init__(
        self,
        folder: str | Path,
        executor: Executor,
        limits: Limits | None = None,
        pool: Callable[[], Pool] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.limits = limits or Limits.from_environment()
        # Released with the queue, wherever nobody closes it.
        self._release = weakref.finalize(self, os.close, claim(self.folder))
        self._executor = executor
        self._pool = pool or partial(local_pool, executor)
        self._futures: dict[str, Future[Any]] = {}
        self._owners: dict[str, str] = {}
        self._sweeps: set[str] = set()
        # Ends that the disk had no room for yet.
        self._ends: dict[str, End] = {}
        self._lock = threading.Lock()
        # Held while jobs come, go on or go, so that two tabs do so one after the other.
        self._changes = threading.Lock()
        self._last_submission = datetime.min
        try:
            self._take_over()
        except OSError as error:
            raise storage_error(error) from error
        self.expire()

    def _take_over(self) -> None:
        """Ends what an earlier server left unfinished; a worker of it writes nothing any more."""
        for path in self.folder.iterdir():
            if _LEFT_BEHIND.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)
        end = End(FAILED, EndReason.SERVER_GONE, "The server was restarted.")
        for folder in self._folders():
            with contextlib.suppress(OSError, JobError):
                Lease.revoke(folder)
                status = self.status(folder.name)
                if not status.has_ended:
                    self._end(folder, end)
                if status.request.owner and not (folder / OWNER).exists():  # from before that file
                    write_text(folder / OWNER, status.request.owner)

    def close(self) -> None:
        """Gives the folder free for another queue; this one notes nothing any more."""
        self._release()

    def submit(
        self,
        request: JobRequest,
        data: Dataset | None = None,
        *,
        seconds: float | None = None,
        longest: float | None = None,
    ) -> str:
        """Queues a job.

        Args:
            request: The training or the learning-rate range test.
            data: The images, where `request.dataset` is not a name that can be loaded.
            seconds: About how long it will take, where that is known.
            longest: The same of a sweep's longest training.

        Returns:
            The job's id.

        Raises:
            CAEError: Where the request cannot be trained, or where too many jobs wait already;
                nothing is queued then.
        """
        if data is not None:
            check_fit(request.architecture, data.image_shape, request.task)
        if request.kind == SWEEP:
            check_sweep(request, self.limits, seconds, longest)
        else:
            self.limits.check(request.architecture, request.config, seconds)
        self.expire()
        with self._changes:
            self._check_room(request)
            folder = self.folder / self._new_id()
            try:
                with replacing(folder) as partial:
                    partial.mkdir()
                    if data is not None:
                        _save_images(partial / DATA, data)
                    write_text(partial / REQUEST, request.to_json())
                    if request.owner:
                        write_text(partial / OWNER, request.owner)
                    token = _prepare(partial)
            except OSError as error:
                raise storage_error(error) from error
            self._hand_over(folder, token, request)
        return folder.name

    def _check_room(self, request: JobRequest) -> None:
        """Refuses a job where too many wait, or too many sweeps run: of its owner, or in all."""
        if request.kind == SWEEP:
            self._check_sweeps(request.owner)
            return
        owner = request.owner
        with self._lock:
            waiting = [
                job_id
                for job_id, future in self._futures.items()
                if not (future.done() or future.running())
            ]
        if len(waiting) >= self.limits.waiting:
            raise JobError(
                f"At most {self.limits.waiting} trainings and tests wait on this server. "
                "Received: one more. Try again later."
            )
        own = [job_id for job_id in waiting if self._owners[job_id] == owner]
        if owner and len(own) >= self.limits.waiting_per_visitor:
            raise JobError(
                f"At most {self.limits.waiting_per_visitor} trainings and tests of one visitor "
                "wait. Received: one more. Wait until one begins, or stop one that waits."
            )

    def _check_sweeps(self, owner: str) -> None:
        """Refuses a sweep where its owner has one already, there are too many, or no pool is."""
        self._pool()
        with self._lock:
            running = [self._owners[job] for job in self._sweeps if not self._futures[job].done()]
        if owner and owner in running:
            raise JobError(
                "One sweep of a visitor runs at a time. Received: one more. "
                "Wait until it has ended, or stop it."
            )
        if len(running) >= self.limits.sweeps:
            raise JobError(
                f"At most {self.limits.sweeps} sweeps run on this server. Received: one more. "
                "Try again later."
            )

    def _new_id(self) -> str:
        """The time of submission, later than that of every job before, and a secret.

        Clocks stand still for a moment and are set back; the order of ids is to be that of the
        submissions all the same.
        """
        now = max(datetime.now(), self._last_submission + timedelta(microseconds=1))
        self._last_submission = now
        return f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}"

    def resume(self, job_id: str) -> None:
        """Queues a failed or stopped training again; it goes on behind its last whole epoch.

        Raises:
            JobError: For a job that is no training, that has not ended early, or that is gone.
        """
        with self._changes:
            status = self.status(job_id)
            if not status.can_resume:
                raise JobError(
                    "A training or a sweep that failed or was stopped can go on, as long as its "
                    f"images are kept. Received: a {status.request.kind} that is {status.state}. "
                    "Start a new one."
                )
            self._check_room(status.request)
            try:
                (status.folder / STOP).unlink(missing_ok=True)
                token = _prepare(status.folder, status.progress)
            except OSError as error:
                raise storage_error(error) from error
            self._hand_over(status.folder, token, status.request)

    def rename(self, job_id: str, name: str) -> None:
        """Gives a job a name of at most 60 characters.

        Raises:
            JobError: For a job that is gone.
        """
        with self._changes:
            folder = self.status(job_id).folder
            try:
                write_text(folder / NAME, shown_name(name))
            except OSError as error:
                raise storage_error(error) from error

    def delete(self, job_id: str) -> None:
        """Removes a job that has ended, or whose files are damaged, with all its files.

        Raises:
            JobError: For a job that waits or runs, or that is gone.
        """
        with self._changes:
            folder = self._folder_of(job_id)
            if self._is_under_way(job_id):
                raise JobError(
                    "A job that has ended can be deleted. Received: one that waits or runs. "
                    "Stop it first."
                )
            doomed = self.folder / f"{_DELETED}{job_id}"
            try:
                folder.rename(doomed)  # first, so that nobody sees half a job
            except OSError as error:
                raise storage_error(error) from error
            shutil.rmtree(doomed, ignore_errors=True)
            with self._lock:
                for known in (self._futures, self._owners, self._ends):
                    known.pop(job_id, None)
                self._sweeps.discard(job_id)

    def expire(self) -> None:
        """Deletes what has been kept long enough: runs, and images that wait for a Resume."""
        self._next_expiry = time.monotonic() + EXPIRY_INTERVAL_SECONDS
        with contextlib.suppress(OSError):
            for folder in self._folders():
                # Another tab may just have deleted it; one that cannot be deleted keeps no other.
                with contextlib.suppress(OSError, JobError):
                    self._expire(folder)

    def _expire(self, folder: Path) -> None:
        """Deletes a job, or its images, where they have been kept long enough."""
        days = (time.time() - _last_change(folder)) / SECONDS_PER_DAY
        is_over = self.limits.run_days is not None and days > self.limits.run_days
        has_old_images = days > self.limits.upload_days and (folder / DATA).exists()
        if not (is_over or has_old_images) or self._is_under_way(folder.name):
            return
        if is_over:
            self.delete(folder.name)
        else:
            # Emptied, which needs no room on the disk.
            (folder / DATA).rename(folder / DATA_EXPIRED).write_bytes(b"")

    def _hand_over(self, folder: Path, token: str, request: JobRequest) -> None:
        """Hands a prepared job to the executor, or a sweep to a thread that hands it trainings."""
        if request.kind == SWEEP:
            minutes = self.limits.minutes
            future = in_thread(work_on_sweep, str(folder), token, self._pool(), minutes)
        else:
            future = self._executor.submit(run_job, str(folder), token)
        with self._lock:
            self._ends.pop(folder.name, None)
            self._futures.pop(folder.name, None)  # a resumed job waits behind the others
            self._futures[folder.name] = future
            self._owners[folder.name] = request.owner
            if request.kind == SWEEP:
                self._sweeps.add(folder.name)
        future.add_done_callback(lambda done: self._settle(folder, done))

    def _settle(self, folder: Path, done: Future[Any]) -> None:
        """Notes the end of a job whose worker did not note it itself."""
        if done.cancelled():
            return
        error = done.exception()
        if error is not None:
            reason = EndReason.KILLED if isinstance(error, WorkerError) else EndReason.ERROR
            self._end(folder, End(FAILED, reason, str(error)))
        elif done.result() is not None:
            self._end(folder, End(**done.result()))

    def _end(self, folder: Path, end: End) -> None:
        """Notes the end of a job, in memory for as long as it cannot be written."""
        if not self._release.alive:
            return  # another queue tells of it
        try:
            finish(folder, end)
        except OSError:
            self._ends[folder.name] = end
        except JobError:
            pass  # its files are damaged: there is nothing to add to

    def status(self, job_id: str, kind: str | None = None) -> JobStatus:
        """The status of a job.

        Args:
            job_id: The job's id.
            kind: The kind that the job must have; None takes every kind.

        Raises:
            JobError: For an id that is not a job's, or not one of this kind.
        """
        status = JobStatus.read(self._folder_of(job_id, kind), self._position(job_id))
        if kind not in (None, status.request.kind):
            raise _no_such_job(kind)
        end = self._ends.get(job_id)
        if end is not None and not status.has_ended:
            with contextlib.suppress(OSError):  # perhaps there is room by now
                finish(status.folder, end)
                self._ends.pop(job_id, None)
            status = replace(
                status, state=end.state, reason=end.reason, message=end.message, position=0
            )
        return status

    def _folder_of(self, job_id: str, kind: str | None = None) -> Path:
        """The folder of a job, which may be damaged."""
        folder = self.folder / job_id
        if not _JOB_ID.fullmatch(job_id) or not folder.is_dir():
            raise _no_such_job(kind)
        return folder

    def _folders(self) -> list[Path]:
        """The folders of all jobs, the newest first."""
        return sorted(
            (folder for folder in self.folder.iterdir() if _JOB_ID.fullmatch(folder.name)),
            reverse=True,
        )

    def jobs(self, kind: str = TRAINING) -> list[JobStatus]:
        """All jobs of a kind, the newest first; damaged ones are left out, see `damaged`."""
        if time.monotonic() > self._next_expiry:
            self.expire()
        return [status for status in self._read_all()[0] if status.request.kind == kind]

    def jobs_of(self, visitor: str, kind: str = TRAINING) -> list[JobStatus]:
        """A visitor's own jobs of a kind, the newest first."""
        return [status for status in self.jobs(kind) if status.belongs_to(visitor)]

    def jobs_for(self, visitor: str, *, shared: bool, kind: str = TRAINING) -> list[JobStatus]:
        """The jobs of a kind that a visitor may see: all where they are shared, else his."""
        return self.jobs(kind) if shared else self.jobs_of(visitor, kind)

    def damaged(self, visitor: str = "", *, shared: bool = True) -> dict[str, str]:
        """Why jobs cannot be read, by id: a visitor's own, and where they are shared nobody's."""
        found = {}
        for job_id, reason in self._read_all()[1].items():
            owners = owners_of(self.folder / job_id) if job_id else frozenset()
            if is_one_of(owners, visitor) or (shared and not owners):
                found[job_id] = reason
        return found

    def _read_all(self) -> tuple[list[JobStatus], dict[str, str]]:
        """Jobs of every kind, the newest first, and the errors of those that cannot be read."""
        found: list[JobStatus] = []
        errors: dict[str, str] = {}
        try:
            folders = self._folders()
        except OSError as error:
            return found, {"": str(storage_error(error))}  # no job's, and of them all
        for folder in folders:
            try:
                found.append(self.status(folder.name))
            except JobError as error:
                errors[folder.name] = str(error)
        return found, errors

    def stop(self, job_id: str) -> None:
        """Asks a job to stop; a queued one is taken out of the queue.

        Raises:
            JobError: For a job that is gone.
        """
        status = self.status(job_id)
        if status.has_ended:
            return
        try:
            (status.folder / STOP).touch()
        except OSError as error:
            raise storage_error(error) from error
        future = self._futures.get(job_id)
        if future is not None and future.cancel():
            self._end(status.folder, End(STOPPED, EndReason.PERSON, "Stopped before it began."))

    def _is_under_way(self, job_id: str) -> bool:
        """True for a job that waits or runs."""
        future = self._futures.get(job_id)
        return future is not None and not future.done()

    def _position(self, job_id: str) -> int:
        """Jobs before this one that have not ended."""
        with self._lock:
            waiting = [
                known
                for known, future in self._futures.items()
                # Of a sweep one training at most is before another job.
                if not future.done() and (known not in self._sweeps or known == job_id)
            ]
        return waiting.index(job_id) if job_id in waiting else 0


def _save_images(path: Path, data: Dataset) -> None:
    """Writes the images that travel with a job."""
    np.savez(path, train=data.train, validation=data.validation, test=data.test)


def _prepare(folder: Path, progress: Progress | None = None) -> str:
    """Has a job's folder wait for a worker; returns the token of the worker's lease.

    Args:
        folder: The job's.
        progress: What a resumed training has done before.
    """
    for path in folder.glob(".*"):  # what a killed worker was about to write
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    token = Lease.grant(folder).token
    write_status(folder, QUEUED, "Waiting for the worker.", progress)
    return token


def _no_such_job(kind: str | None) -> JobError:
    """The error for an id that is not a job's, or not one of a kind."""
    kind = kind or TRAINING
    return JobError(
        f"A {kind} is on this server until it is deleted or has been kept long enough. "
        f"Received: one that is not here. Start a new {kind}."
    )


def _last_change(folder: Path) -> float:
    """Time of a job's last status: of its end, once it has ended."""
    status = folder / STATUS
    return (status if status.exists() else folder).stat().st_mtime
