"""The health of a server: it answers, its disk has room, its jobs get on.

``python -m cae_core.jobs.health [ADDRESS]`` ends with 0, or with 1 and a sentence; for a
container's health check.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
import urllib.request
from pathlib import Path

from cae_core.errors import JobError
from cae_core.formats import counted, format_duration
from cae_core.jobs.job import STATUS, SWEEP, JobStatus
from cae_core.jobs.limits import Limits
from cae_core.jobs.storage import claim, runs_folder

ADDRESS = "http://localhost:8501"
LEAST_FREE_MB = 100
# A job writes several times a second; loading, compiling and testing take minutes at most.
LONGEST_SILENCE_MINUTES = 15.0
_PATIENCE = 5  # seconds for an answer


def problems(folder: Path, address: str) -> list[str]:
    """The problems of a server, a sentence each.

    Args:
        folder: Folder of its jobs.
        address: Where it answers.
    """
    return [*server_problems(address), *disk_problems(folder), *worker_problems(folder)]


def server_problems(address: str) -> list[str]:
    """The problems of the server's answers."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=_PATIENCE):  # noqa: S310
            return []
    except OSError as error:
        return [f"The server does not answer: {error}."]


def disk_problems(folder: Path) -> list[str]:
    """The problems of the disk on which jobs are kept."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free / 1e6
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        return [f"The folder of trainings cannot be written to: {error}."]
    if free < LEAST_FREE_MB:
        return [f"The disk has {free:.0f} MB left, of at least {LEAST_FREE_MB}."]
    return []


def worker_problems(folder: Path) -> list[str]:
    """The problems of the worker: jobs of a running server that have not moved for long."""
    minutes = Limits.from_environment().minutes
    changes = []
    for status in folder.glob(f"*/{STATUS}"):
        with contextlib.suppress(JobError, OSError):  # damaged, or deleted meanwhile
            job = JobStatus.read(status.parent)
            if not job.has_ended:
                # A sweep tells of itself only after each of its trainings.
                quiet = 60 * minutes if job.request.kind == SWEEP else 0.0
                changes.append(status.stat().st_mtime + quiet)
    silence = (time.time() - max(changes, default=time.time())) / 60
    if silence < LONGEST_SILENCE_MINUTES or not _is_in_use(folder):
        return []
    jobs = counted(len(changes), "training")
    return [f"Nothing has moved for {format_duration(60 * silence)}: {jobs} under way."]


def _is_in_use(folder: Path) -> bool:
    """Whether a server has the folder; without one, nothing is expected to move."""
    try:
        os.close(claim(folder))
    except JobError:
        return True
    return False


if __name__ == "__main__":
    address = sys.argv[1] if len(sys.argv) > 1 else ADDRESS
    sys.exit("\n".join(problems(runs_folder(), address)) or 0)
