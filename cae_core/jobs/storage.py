"""Who may write where: a folder of jobs belongs to one server, a job's folder to one worker.

A server holds a lock on the folder of jobs as long as it lives. A worker writes into a job's folder
while it holds the job's lease, a token that the server writes beside the job; a worker whose server
was killed loses it as soon as another server takes the folder over.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cae_core.errors import JobError

RUNS_VARIABLE = "CAE_RUNS_DIR"
SERVER_LOCK = ".lock"
LEASE = "lease"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_TEXT = re.compile(rf"{os.strerror(errno.ENOSPC)}|\d+ requested and \d+ written")


def runs_folder() -> Path:
    """The folder of the server's jobs."""
    return Path(os.environ.get(RUNS_VARIABLE) or "runs")


def claim(folder: Path) -> int:
    """Makes a folder of jobs this server's own.

    Args:
        folder: Folder of the jobs; made where it is not there.

    Returns:
        A file descriptor; the folder is this server's as long as it is open.

    Raises:
        JobError: Where another server has it, or where nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / SERVER_LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    except (OSError, ValueError) as error:  # a ValueError for a null character
        raise storage_error(error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        if not isinstance(error, BlockingIOError):
            raise storage_error(error) from error
        raise JobError(
            "A folder of trainings belongs to one running app. "
            "Received: one that another running app uses. Train there, or stop that app and "
            "reload this page; CAE_RUNS_DIR names another folder."
        ) from None
    return lock


class LeaseLostError(RuntimeError):
    """A worker's write that was refused, because the job is no longer its own."""


@dataclass(frozen=True)
class Lease:
    """A worker's right to write into a job's folder.

    Attributes:
        folder: The job's folder.
        token: What the folder's lease file holds as long as the lease is valid.
    """

    folder: Path
    token: str

    @classmethod
    def grant(cls, folder: Path) -> Lease:
        """A new lease; whoever had one before has lost it."""
        token = secrets.token_hex(16)
        _replace(folder, token)
        return cls(folder, token)

    @staticmethod
    def revoke(folder: Path) -> None:
        """Ends the lease that there is; needs no room on the disk."""
        lease = folder / LEASE
        if lease.exists() and lease.stat().st_size:
            _replace(folder, "")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keeps the lease from being given to another while the block writes.

        Raises:
            LeaseLostError: Where another has it, or where the job was deleted.
        """
        try:
            file = (self.folder / LEASE).open("r+")
        except FileNotFoundError as error:
            raise LeaseLostError from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.read() != self.token:
                raise LeaseLostError
            yield


def _replace(folder: Path, token: str) -> None:
    """Writes a token in place, so that who holds the lock and who waits for it see one file."""
    with (folder / LEASE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(token)


def is_disk_full(error: Exception) -> bool:
    """True for an error that says that there is no room left; HDF5 and NumPy have no number."""
    return getattr(error, "errno", None) in _FULL or bool(_FULL_TEXT.search(str(error)))


def reason_of(error: BaseException) -> str:
    """A system's error in its own words; empty for others.

    Not `strerror`, into which HDF5 writes the file's path.
    """
    number = getattr(error, "errno", None)
    if isinstance(number, int) and number in errno.errorcode:
        return os.strerror(number)
    return str(getattr(error, "strerror", None) or "")


def storage_error(error: Exception) -> JobError:
    """The sentence for a job's file or folder that cannot be read or written."""
    if is_disk_full(error):
        return JobError(
            "A training needs room on the server's disk. Received: a full disk. "
            "Delete runs that are no longer needed, then try again."
        )
    # A system's error without its file's name; whatever else has no words for visitors.
    why = reason_of(error) or type(error).__name__
    return JobError(
        "A training is kept in a folder that the server can read and write. "
        f"Received: one that it cannot ({why}). CAE_RUNS_DIR names another folder."
    )
