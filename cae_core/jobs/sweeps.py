"""A sweep as a job: its trainings in the pool, its table and sample images in the job's folder."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cae_core.architecture.notation import Architecture
from cae_core.errors import CAEError, JobError, PlaceError, RecordError
from cae_core.files import write_text
from cae_core.formats import counted, format_duration
from cae_core.jobs.cluster import Pool
from cae_core.jobs.job import (
    FAILED,
    FINISHED,
    RUNNING,
    STOP,
    STOPPED,
    End,
    EndReason,
    JobRequest,
    JobStatus,
    planned_trials,
    write_status,
)
from cae_core.jobs.limits import Limits
from cae_core.jobs.storage import Lease, LeaseLostError, is_disk_full, storage_error
from cae_core.records import naming, read_json
from cae_core.studies.plan import Misfit, Planned
from cae_core.studies.sweep import Result, Trial, check_possible, read_results, run_sweep

TABLE, SAMPLES, FAILURES = "sweep.csv", "samples", "failures.json"


@dataclass(frozen=True)
class Sweep:
    """A sweep as far as it has come.

    Attributes:
        planned: Its trainings.
        misfits: Settings that are left out.
        results: The results that there are, by training.
        failures: Why trainings failed, by their ids.
        samples: Folder of the sample images; None where there are none.
    """

    planned: list[Planned]
    misfits: list[Misfit] = field(default_factory=list)
    results: dict[Trial, Result] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    samples: Path | None = None

    @property
    def missing(self) -> list[Trial]:
        """The trainings that have no result yet."""
        return [trial for _, trial in self.planned if trial not in self.results]

    def sample_images(self, trial: Trial) -> bytes | None:
        """Sample images of a training, a PNG file; None where there are none."""
        path = None if self.samples is None else self.samples / f"{trial.id}.png"
        try:
            return None if path is None else path.read_bytes()
        except OSError:  # missing, or damaged
            return None

    @classmethod
    def read(cls, status: JobStatus) -> Sweep:
        """The sweep in a job's folder.

        Raises:
            JobError: Its files are not whole, or it is another kind of job.
        """
        plan, folder = status.request.plan, status.folder
        if plan is None:
            raise JobError(f"A sweep has a plan. Received: a {status.request.kind}. Open another.")
        try:
            planned, misfits = planned_trials(plan)
        except CAEError as error:
            raise JobError(
                f"A sweep's folder holds a plan that can be trained. Received: {error} "
                "Delete it, and start another."
            ) from error
        try:
            results = {result.trial: result for result in read_results(folder / TABLE)}
            with naming(folder / TABLE):
                for result in results.values():
                    check_possible(result)
            failures: dict[str, str] = {}
            if (folder / FAILURES).exists():
                failures = read_json(dict[str, str], folder / FAILURES)
        except RecordError as error:
            raise JobError(
                f"A sweep's folder holds {TABLE} and {FAILURES}, whole. Received: {error}. "
                "Delete it, and start another."
            ) from error
        known = {trial: results[trial] for _, trial in planned if trial in results}
        return cls(planned, misfits, known, failures, folder / SAMPLES)


def check_sweep(
    request: JobRequest, limits: Limits, seconds: float | None, longest: float | None = None
) -> None:
    """Refuses a sweep of which a training, or which as a whole, is more than the host grants.

    Args:
        request: The sweep.
        limits: The host's limits.
        seconds: About how long it will take, where that is known.
        longest: About how long its longest training will take; by default their mean.

    Raises:
        JobError: Naming the limit and the remedy.
    """
    assert request.plan is not None  # noqa: S101 - for mypy
    planned, _ = planned_trials(request.plan)
    for network in {trial.network for _, trial in planned}:
        limits.check(Architecture.parse(network), request.config)
    if longest is None and seconds is not None:
        longest = seconds / len(planned)
    limits.check_time(longest)
    if seconds is not None and seconds > 3_600 * limits.sweep_hours:
        raise JobError(
            f"A sweep on this server takes at most {limits.sweep_hours:g} hours. "
            f"Received: one of about {format_duration(seconds)}. "
            "Use fewer values, fewer seeds, fewer epochs or fewer images."
        )


def work_on_sweep(
    folder_name: str, token: str, pool: Pool, minutes: float
) -> dict[str, str] | None:
    """Trains what a sweep's table lacks; a thread of the server does so.

    Args:
        folder_name: The job's folder.
        token: The token of its lease. Once another has the lease, nothing more is told.
        pool: Where its trainings run.
        minutes: Time that each of them may take.

    Returns:
        The end as a dictionary; None where the sweep is another server's by now.
    """
    lease = Lease(Path(folder_name), token)
    try:
        return dataclasses.asdict(_trained(lease, pool, minutes))
    except LeaseLostError:
        return None
    except (PlaceError, OSError) as error:
        # Of a table that cannot be written, what the system said, which names no file.
        return dataclasses.asdict(_failure(error.__cause__ or error))


def _failure(error: BaseException) -> End:
    """The end of a sweep whose table, images or status cannot be written."""
    if not isinstance(error, OSError):
        return End(FAILED, EndReason.ERROR, str(error))
    reason = EndReason.DISK_FULL if is_disk_full(error) else EndReason.ERROR
    return End(FAILED, reason, str(storage_error(error)))


def _trained(lease: Lease, pool: Pool, minutes: float) -> End:
    """Trains what a sweep's table lacks; returns its end."""
    folder = lease.folder
    planned = Sweep.read(JobStatus.read(folder)).planned
    failures: dict[str, str] = {}
    started = time.monotonic()

    def tell(_: object = None) -> None:
        with lease.held():
            done = len(read_results(folder / TABLE))
            write_text(folder / FAILURES, json.dumps(failures))
            write_status(folder, RUNNING, f"{done} of {counted(len(planned), 'training')} done.")

    def fail(trial: Trial, reason: str) -> None:
        failures[trial.id] = reason
        tell()

    tell()
    results = run_sweep(
        [trial for _, trial in planned],
        folder / TABLE,
        executor=pool.executor,
        at_once=pool.at_once,
        on_result=tell,
        on_failure=fail,
        samples=folder / SAMPLES,
        stop=folder / STOP,
        minutes=minutes,
    )
    if len(results) == len(planned):
        took = format_duration(round(time.monotonic() - started))
        return End(FINISHED, EndReason.COMPLETED, f"Took {took}.")
    if (folder / STOP).exists():
        return End(STOPPED, EndReason.PERSON, "Stopped by hand.")
    failed = f"{len(failures)} of {counted(len(planned), 'training')} failed"
    return End(FAILED, EndReason.ERROR, f"{failed}; the others are done.")


def in_thread(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Runs a function in a thread that keeps no server from ending; returns its future."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()

    def work() -> None:
        try:
            future.set_result(function(*arguments))
        except Exception as error:  # noqa: BLE001 - the future carries it on
            future.set_exception(error)

    threading.Thread(target=work, name="cae-sweep", daemon=True).start()
    return future
