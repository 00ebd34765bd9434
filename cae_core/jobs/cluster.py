"""Where the trainings of a sweep run: in one process, or on the workers of a Dask cluster.

With ``CAE_SCHEDULER=tcp://host:8786`` they run on that cluster: `distributed` carries the name of
`cae_core.studies.sweep.train_trial` and its plain arguments to a worker, which has this package and
the data set itself. A worker offers as many trainings at a time as it has of the resource
`RESOURCE`: ``dask worker ... --nthreads 1 --resources training=1``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import NamedTuple

from cae_core.errors import JobError

SCHEDULER_VARIABLE = "CAE_SCHEDULER"
RESOURCE = "training"
_RETRIES = 2  # of a training that raises; one whose worker dies has more tries, as Dask counts
_TIMEOUT = "5s"  # for an answer of the scheduler
# Waiting with each worker, so that none waits for this process.
_AHEAD = 2


class Pool(NamedTuple):
    """Something that trains.

    Attributes:
        executor: Takes trainings.
        at_once: Number of trainings that it is given at the same time.
        workers: Number of trainings that really run at the same time.
        is_open: Whether it still takes trainings.
    """

    executor: Executor
    at_once: Callable[[], int]
    workers: Callable[[], int]
    is_open: Callable[[], bool]


def local_pool(executor: Executor) -> Pool:
    """A process of this machine, which trains one network after another."""
    return Pool(executor, lambda: 1, lambda: 1, lambda: True)


def cluster_pool(environment: Mapping[str, str] | None = None) -> Pool | None:
    """The workers of the cluster that ``CAE_SCHEDULER`` names; None where it is not set.

    Args:
        environment: By default that of the process.

    Raises:
        JobError: The package that speaks to it is missing, or no scheduler answers.

    Example:
        >>> cluster_pool({}) is None
        True
    """
    address = (os.environ if environment is None else environment).get(SCHEDULER_VARIABLE, "")
    if not address:
        return None
    try:
        from distributed import Client
    except ImportError as error:
        raise JobError(
            f"A cluster needs the package distributed. Received: {SCHEDULER_VARIABLE}={address} "
            "without it. Install it with pip install 'cae-lab[cluster]', or unset the variable."
        ) from error
    try:
        client = Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError) as error:  # a ValueError for what is no address
        raise _silent(address) from error

    def workers() -> int:
        try:
            found = client.scheduler_info()["workers"].values()
        except (OSError, RuntimeError) as error:  # it has ended, or this client has
            raise _silent(address) from error
        return int(sum(worker["resources"].get(RESOURCE, 0) for worker in found))

    executor = client.get_executor(pure=False, resources={RESOURCE: 1}, retries=_RETRIES)
    return Pool(
        executor,
        at_once=lambda: max(1, _AHEAD * workers()),
        workers=workers,
        is_open=lambda: client.status == "running",
    )


def _silent(address: str) -> JobError:
    """The error for a scheduler that does not answer."""
    return JobError(
        f"{SCHEDULER_VARIABLE} is the address of a running Dask scheduler. "
        f"Received: {address}, where none answers. Start one with dask scheduler, or unset "
        "the variable."
    )
