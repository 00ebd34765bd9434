"""Resources that all sessions share: the job queue with its worker, data sets, trained models."""

from __future__ import annotations

import gc
import math
import os
import shutil
import sys
import time
import weakref
from collections import OrderedDict
from pathlib import Path
from tempfile import mkdtemp

import streamlit as st

from cae_core.data.dataset import Dataset, DatasetPreview
from cae_core.data.registry import load_dataset
from cae_core.errors import ImageError, JobError
from cae_core.formats import format_days
from cae_core.images.decoding import MOST_MEGAPIXELS
from cae_core.images.guards import MAX_PIXELS
from cae_core.images.memory import MEGABYTE, MemoryBudget
from cae_core.jobs.cluster import Pool, cluster_pool, local_pool
from cae_core.jobs.estimates import SPEED_FILE, Calibration, calibrate_apart
from cae_core.jobs.job import RUN, TRAINING, JobStatus
from cae_core.jobs.limits import Limits, shared_runs
from cae_core.jobs.queue import JobQueue
from cae_core.jobs.storage import runs_folder
from cae_core.jobs.work import warm_up
from cae_core.jobs.worker import WorkerProcess
from cae_core.training.runs import Run
from cae_ui.common.visitor import visitor

MEMORY_VARIABLE, DEFAULT_MEMORY = "CAE_IMAGE_MEMORY_MB", 1200
MEGAPIXELS_VARIABLE = "CAE_MAX_MEGAPIXELS"
MOST_UPLOADED = 2  # data sets of uploaded images that are kept for all sessions, 90 MB each
SECONDS_PER_DAY = 86_400


def is_hosted() -> bool:
    """Whether this is a server for others: one that opened no browser at its own machine."""
    return bool(st.get_option("server.headless"))


def runs_are_shared() -> bool:
    """Whether visitors see each other's runs, see `cae_core.jobs.limits.shared_runs`."""
    return shared_runs(hosted=is_hosted())


@st.cache_resource(
    show_spinner=False, on_release=lambda process: process.shutdown(cancel_futures=True)
)
def worker() -> WorkerProcess:
    """The process that trains; it starts with the queue."""
    return WorkerProcess(preload=("cae_core.training.loop",))


@st.cache_resource(show_spinner=False)
def speed_file() -> Path:
    """Has the worker measure this machine, once a day; returns the path of the result."""
    path = runs_folder() / SPEED_FILE
    is_known = Calibration.load(path) is not None  # a damaged file is measured again
    if not is_known or time.time() - path.stat().st_mtime > SECONDS_PER_DAY:
        worker().submit(calibrate_apart, str(path))
    return path


def machine_speed() -> Calibration | None:
    """Training speed of this machine; None until the worker has measured it, or without one."""
    return Calibration.load(speed_file()) if available_jobs() is not None else None


@st.cache_resource(show_spinner=False, validate=lambda pool: pool.is_open())
def sweep_pool() -> Pool:
    """Where the trainings of sweeps run: the worker, or the cluster that a variable names.

    Raises:
        JobError: The cluster does not answer.
    """
    return cluster_pool() or local_pool(worker())


@st.cache_resource(show_spinner=False, on_release=JobQueue.close)
def job_queue() -> JobQueue:
    """The queue of this server; tried again at every call that raises.

    Raises:
        JobError: Where another server has the folder of runs, or where nothing can be written
            there.
    """
    runs_are_shared()  # a wrong variable is said here, and nowhere else
    limits = Limits.from_environment(hosted=is_hosted())
    queue = JobQueue(runs_folder(), worker(), limits, sweep_pool)
    worker().warm(warm_up)  # so that pressing Train soon shows a loss
    return queue


def has_runs() -> bool:
    """Whether there is a folder of runs: asked where only a look at it needs no worker."""
    try:
        return runs_folder().is_dir()
    except OSError:  # a folder that nobody may look into, or a name that is too long
        return False


def available_jobs() -> JobQueue | None:
    """The queue of this server; None where there cannot be one, which the Trainer explains."""
    try:
        return job_queue()
    except JobError:
        return None


def visible_jobs(kind: str = TRAINING) -> list[JobStatus]:
    """The jobs of a kind that this visitor may see, the newest first."""
    queue = available_jobs()
    return [] if queue is None else queue.jobs_for(visitor(), shared=runs_are_shared(), kind=kind)


def damaged_jobs() -> dict[str, str]:
    """Why jobs of this visitor cannot be read, by id."""
    queue = available_jobs()
    return {} if queue is None else queue.damaged(visitor(), shared=runs_are_shared())


def is_own(status: JobStatus) -> bool:
    """Whether this visitor may stop, resume, rename and delete a job: his, or a shared nobody's."""
    return status.belongs_to(visitor()) or (not status.owners and runs_are_shared())


def run_retention() -> str:
    """How long this server keeps a run, as the end of a sentence."""
    queue = available_jobs()
    days = None if queue is None else queue.limits.run_days
    return "until you delete it" + ("" if days is None else f", at most {format_days(days)}")


@st.cache_resource(max_entries=8, show_spinner="Preparing the images …")
def named_dataset(name: str) -> DatasetPreview:
    """A few images of a data set that is on this machine; only the worker keeps all of them."""
    return load_dataset(name).preview()


@st.cache_resource(show_spinner=False)
def uploaded_datasets() -> OrderedDict[tuple[str, ...], Dataset]:
    """The last data sets that visitors uploaded, by the identities of the files.

    A plain dictionary, because what Streamlit caches cannot show its progress.
    """
    return OrderedDict()


def keep_uploaded(identity: tuple[str, ...], data: Dataset) -> None:
    """Keeps a data set, and of older ones as many as memory allows."""
    kept = uploaded_datasets()
    kept[identity] = data
    while len(kept) > MOST_UPLOADED:
        kept.popitem(last=False)


@st.cache_resource(show_spinner=False)
def image_memory() -> MemoryBudget:
    """Memory for the images of all sessions; by default more where larger photos are opened."""
    default = math.ceil(DEFAULT_MEMORY * max(1, largest_photo() / MAX_PIXELS))
    return MemoryBudget(_whole_number(MEMORY_VARIABLE, default) * MEGABYTE)


def largest_photo() -> int:
    """Pixels of the largest photo that is opened."""
    return min(_whole_number(MEGAPIXELS_VARIABLE, MAX_PIXELS // 10**6), MOST_MEGAPIXELS) * 10**6


def _whole_number(variable: str, default: int) -> int:
    """The value of an environment variable.

    Raises:
        ImageError: It is no whole number above 0.
    """
    value = os.environ.get(variable, str(default))
    if not value.isdecimal() or not int(value):
        raise ImageError(
            f"{variable} is a whole number above 0. Received: {value!r}. "
            f"Leave it out for {default}."
        )
    return int(value)


class Folder:
    """A new folder that is deleted with this object, or when the server ends.

    One for large results stays in the session's state and not in a cache of the session: that is
    emptied whenever a telephone loses its connection for a moment.

    Attributes:
        path: The folder.
    """

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="cae-results-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def freeze_garbage_collector() -> None:
    """Excludes all objects that exist now from garbage collection.

    With TensorFlow loaded a whole collection takes 0.2 s, in which no page is served.
    """
    gc.collect()
    gc.freeze()


def keep_keras_session() -> None:
    """Has Streamlit leave Keras alone, whose session it clears after every run of a page.

    All visitors share that session. Cleared while another one's network is being built, it gives
    two layers one name, which Keras refuses; and clearing collects garbage.
    """
    backend = getattr(sys.modules.get("keras"), "backend", None)
    if backend is not None:
        backend.clear_session = _leave_it


def _leave_it() -> None:
    """Does nothing, in place of `keras.backend.clear_session`."""


def run_version(status: JobStatus) -> int:
    """A number that changes whenever a training writes its run again; 0 where it has none."""
    try:
        return status.run_folder.stat().st_mtime_ns if status.run_folder else 0
    except OSError:  # deleted just now
        return 0


def loaded_run(status: JobStatus) -> Run:
    """The finished run of a training with its model.

    Raises:
        RunError: It was deleted meanwhile, or cannot be read.
    """
    return _loaded_run(str(status.folder / RUN), run_version(status))


@st.cache_resource(max_entries=2, show_spinner="Loading the trained network …")
def _loaded_run(folder: str, version: int) -> Run:
    """Caches runs; the first one takes TensorFlow's start with it."""
    run = Run.load(folder)
    freeze_garbage_collector()
    return run
