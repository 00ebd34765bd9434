"""A job: a training, a learning-rate range test or a sweep, and the folder in which all of it is.

The folder is all that queue and worker share: the queue writes ``request.json``, the worker
writes ``status.json`` and ``samples.npy`` as it goes and the run's folder ``run`` (or
``learning_rate_test.json``) at the end, and a file called ``stop`` asks it to stop. So a job
outlives the page that started it, and the executor may be a process here or a cluster elsewhere.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import secrets
import time
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.data.registry import DATASETS
from cae_core.errors import CAEError, JobError, RecordError, TrainingError
from cae_core.files import replacing, write_text
from cae_core.records import naming, parse_json, read_images, read_json, read_text
from cae_core.studies.plan import Misfit, Plan, Planned
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import LearningRateTest
from cae_core.training.progress import Progress
from cae_core.training.tasks import Reconstruct, Task, task_from_dict, task_to_dict

QUEUED, RUNNING, FINISHED, STOPPED, FAILED = "queued", "running", "finished", "stopped", "failed"
ENDED = (FINISHED, STOPPED, FAILED)
STATES = (QUEUED, RUNNING, *ENDED)
TRAINING, RATE_TEST, SWEEP = "training", "learning-rate test", "sweep"

REQUEST = "request.json"
OWNER = "owner"
STATUS = "status.json"
SAMPLES = "samples.npy"
DATA = "data.npz"
DATA_EXPIRED = "data.expired"
STOP = "stop"
CHECKPOINT = "checkpoint.npz"
NAME = "name.txt"
RUN = "run"
RATE_TEST_RESULT = "learning_rate_test.json"
LONGEST_NAME = 60
LOADING, BUILDING = "Loading the images.", "Building the network."


@dataclass(frozen=True)
class _RequestFile:
    """The keys of ``request.json``; older ones have neither kind, owner nor plan, but a limit."""

    architecture: dict[str, Any]
    task: dict[str, Any]
    config: TrainConfig
    dataset: str
    kind: str = TRAINING
    owner: str = ""
    plan: Plan | None = None
    limit: int | None = None  # of the images: no longer used

    def __post_init__(self) -> None:
        if self.kind not in (TRAINING, RATE_TEST, SWEEP):
            raise RecordError("has another 'kind' than this version knows")
        if (self.kind == SWEEP) != (self.plan is not None):
            raise RecordError("has a plan without a sweep, or a sweep without one")


class EndReason(StrEnum):
    """Reason of a job's end, noted by the process that ended it."""

    COMPLETED = "completed"
    PERSON = "person"
    TIME_LIMIT = "time limit"
    KILLED = "killed"
    DISK_FULL = "disk full"
    SERVER_GONE = "server gone"
    ERROR = "error"


@dataclass(frozen=True)
class _StatusFile:
    """The keys of ``status.json``; older ones have neither reason nor time."""

    state: str
    message: str
    progress: Progress | None
    reason: EndReason | None = None
    written: float = 0.0

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise RecordError("has another 'state' than this version knows")


@dataclass(frozen=True)
class End:
    """The end of a job.

    Attributes:
        state: One of `ENDED`.
        reason: Why it ended.
        message: The same as a sentence for the page.
    """

    state: str
    reason: EndReason
    message: str


@dataclass(frozen=True)
class JobRequest:
    """A training, a learning-rate range test or a sweep that is asked for.

    Attributes:
        architecture: The network; a sweep's first.
        task: Its task.
        config: Epochs, batch, learning rate, seed.
        dataset: A data set's name; only shown where the images travel with the job.
        kind: `TRAINING`, `RATE_TEST` or `SWEEP`.
        owner: A secret of the visitor who asks for it; empty for nobody's.
        plan: What a sweep varies; None for everything else.
    """

    architecture: Architecture
    task: Task
    config: TrainConfig
    dataset: str
    kind: str = TRAINING
    owner: str = field(default="", repr=False)
    plan: Plan | None = None

    @classmethod
    def of_sweep(cls, plan: Plan, owner: str = "") -> JobRequest:
        """The request of a sweep on a data set of the registry.

        Raises:
            TrainingError: No network of the plan fits the images.
        """
        planned, misfits = planned_trials(plan)
        if not planned:
            raise TrainingError(
                "A sweep has a network that fits its images. Received: none, the first because: "
                f"{misfits[0].reason} Choose other values."
            )
        first = planned[0].trial
        network = Architecture.parse(first.network)
        return cls(network, Reconstruct(), first.config, plan.dataset, SWEEP, owner, plan)

    def to_json(self) -> str:
        """The request as JSON."""
        return json.dumps(
            {
                "architecture": json.loads(self.architecture.to_json()),
                "task": task_to_dict(self.task),
                "config": dataclasses.asdict(self.config),
                "dataset": self.dataset,
                "kind": self.kind,
                "owner": self.owner,
                "plan": None if self.plan is None else dataclasses.asdict(self.plan),
            },
            indent=2,
        )

    @classmethod
    def from_json(cls, text: str) -> JobRequest:
        """The inverse of `to_json`.

        Raises:
            CAEError: The text is something else.
        """
        file = parse_json(_RequestFile, text)
        architecture, task = Architecture.from_json(file.architecture), task_from_dict(file.task)
        return cls(architecture, task, file.config, file.dataset, file.kind, file.owner, file.plan)


def planned_trials(plan: Plan) -> tuple[list[Planned], list[Misfit]]:
    """The trainings of a plan on a data set of the registry, and settings that do not fit.

    Raises:
        TrainingError: For another data set.
    """
    if plan.dataset not in DATASETS:
        raise TrainingError(
            f"A sweep's images are one of {', '.join(DATASETS)}. Received: {plan.dataset!r}. "
            "On the command line they may be a folder as well."
        )
    return plan.trials(DATASETS[plan.dataset].image_shape)


@dataclass(frozen=True)
class JobStatus:
    """State, progress and results of a job.

    Attributes:
        id: The job's id, also the name of its folder.
        state: One of queued, running, finished, stopped, failed.
        request: The training or test that was asked for.
        folder: The job's folder.
        message: The step that is being worked on, or why the job failed.
        progress: The last progress; None before the first.
        position: Jobs before this one in the queue; 0 once it runs.
        name: The name that a person gave it; empty until somebody does.
        reason: Why it ended; None before, and for jobs from before reasons were noted.
        written: Time of this status, in seconds since 1970: of the end, once it has ended.
        owners: The secrets of its owner in its files: one, none for nobody's, and of a damaged
            job perhaps two, of which one is nobody's.
    """

    id: str
    state: str
    request: JobRequest
    folder: Path
    message: str = ""
    progress: Progress | None = None
    position: int = 0
    name: str = ""
    reason: EndReason | None = None
    written: float = 0.0
    owners: frozenset[str] = field(default=frozenset(), repr=False)

    def belongs_to(self, visitor: str) -> bool:
        """True for the visitor who started the job; nobody's job belongs to nobody."""
        return is_one_of(self.owners, visitor)

    @property
    def is_preparing(self) -> bool:
        """True before the first batch; a resumed training has its earlier progress by then."""
        return self.state == RUNNING and self.message in (LOADING, BUILDING)

    @property
    def is_stopping(self) -> bool:
        """True between the request to stop and the end."""
        return not self.has_ended and (self.folder / STOP).exists()

    @property
    def can_resume(self) -> bool:
        """True for what ended early or failed in part, and whose images are still here."""
        return (
            self.request.kind in (TRAINING, SWEEP)
            and self.state in (FAILED, STOPPED)
            and not (self.folder / DATA_EXPIRED).exists()
        )

    @property
    def has_checkpoint(self) -> bool:
        """True where a resumed training goes on behind a whole epoch."""
        return (self.folder / CHECKPOINT).exists()

    @property
    def has_ended(self) -> bool:
        """True where nothing more will happen."""
        return self.state in ENDED

    @property
    def run_folder(self) -> Path | None:
        """The run's folder; None where there is none, or where a training goes on with it."""
        folder = self.folder / RUN
        return folder if self.has_ended and folder.is_dir() else None

    def samples(self) -> np.ndarray | None:
        """The newest sample images, (3, N, H, W, C) uint8; None before the first.

        Raises:
            JobError: For a file that is not whole.
        """
        path = self.folder / SAMPLES
        if not path.exists():
            return None
        try:
            return read_images(path, 3)
        except RecordError as error:
            raise JobError(
                f"A training's folder holds its sample images, whole. Received: {error}. "
                "Its figures are not affected; train again for new images."
            ) from error

    def learning_rate_test(self) -> LearningRateTest | None:
        """The result of a learning-rate range test; None where it has not ended well.

        Raises:
            JobError: For a file that is not whole.
        """
        path = self.folder / RATE_TEST_RESULT
        if not path.exists():
            return None
        try:
            return read_json(LearningRateTest, path)
        except RecordError as error:
            raise JobError(
                f"A learning-rate test's folder holds its result, whole. Received: {error}. "
                "Discard it, and test again."
            ) from error

    @classmethod
    def read(cls, folder: Path, position: int = 0) -> JobStatus:
        """Reads a job's folder.

        Args:
            folder: The job's.
            position: Jobs before this one, as far as it waits.

        Raises:
            JobError: The folder's files are not whole.
        """
        try:
            file = read_json(_StatusFile, folder / STATUS)
            request = read_request(folder)
        except RecordError as error:
            raise JobError(
                f"A job's folder holds {REQUEST} and {STATUS}, both whole. Received: {error}. "
                "Delete it, and train again."
            ) from error
        return cls(
            id=folder.name,
            state=file.state,
            request=request,
            folder=folder,
            message=file.message,
            progress=file.progress,
            position=position if file.state == QUEUED else 0,
            name=_read_name(folder),
            reason=file.reason,
            written=file.written,
            owners=owners_of(folder, request),
        )


def write_status(
    folder: Path,
    state: str,
    message: str,
    progress: Progress | None = None,
    reason: EndReason | None = None,
) -> None:
    """Replaces a job's status as a whole.

    Args:
        folder: The job's.
        state: Its state.
        message: The step that is being worked on, or why the job failed.
        progress: Its progress; the images travel in a file of their own.
        reason: Why it ended; None before.
    """
    plain = progress and dataclasses.asdict(dataclasses.replace(progress, samples=None))
    status = {
        "state": state,
        "message": message,
        "progress": plain,
        "reason": reason,
        "written": time.time(),
    }
    write_text(folder / STATUS, json.dumps(status))


def finish(folder: Path, end: End) -> None:
    """Writes a job's last status; its images stay only for a training that can go on.

    Args:
        folder: The job's.
        end: Its end; its last progress is kept.
    """
    status = JobStatus.read(folder)
    if end.state == FINISHED or status.request.kind == RATE_TEST:
        (folder / DATA).unlink(missing_ok=True)
    write_status(folder, end.state, end.message, status.progress, end.reason)


def read_request(folder: Path) -> JobRequest:
    """Reads the request in a job's folder.

    Raises:
        RecordError: It cannot be read.
    """
    text = read_text(folder / REQUEST)
    with naming(folder / REQUEST):
        return JobRequest.from_json(text)


def owners_of(folder: Path, request: JobRequest | None = None) -> frozenset[str]:
    """The secrets of a job's owner, as its request and a file beside it have them.

    Both, so that who started a job can delete it whichever of the two is damaged.

    Args:
        folder: The job's.
        request: Its request, where it was read before.
    """
    found = set()
    with contextlib.suppress(CAEError):
        found.add((request or read_request(folder)).owner)
    with contextlib.suppress(RecordError):
        found.add(read_text(folder / OWNER))
    return frozenset(found - {""})


def is_one_of(owners: frozenset[str], visitor: str) -> bool:
    """Whether a visitor's secret is one of a job's."""
    known = [secrets.compare_digest(_bytes(owner), _bytes(visitor)) for owner in owners]
    return any(known)


def _bytes(text: str) -> bytes:
    """A text in bytes, whatever a damaged file made of it."""
    return text.encode(errors="surrogatepass")


def _read_name(folder: Path) -> str:
    """The name that a person gave a job; none where it cannot be read, which costs nothing else."""
    try:
        return shown_name(read_text(folder / NAME))
    except RecordError:
        return ""


def shown_name(text: str) -> str:
    r"""A name as it is kept: one line of at most 60 characters that can be seen.

    Example:
        >>> shown_name(" two\n lines ")
        'two lines'
    """
    return "".join(filter(str.isprintable, " ".join(text.split())))[:LONGEST_NAME]


def write_array(path: Path, array: np.ndarray) -> None:
    """Replaces an array's file as a whole."""
    with replacing(path) as partial:
        np.save(partial, array)
