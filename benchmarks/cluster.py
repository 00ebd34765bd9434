"""Trainings an hour on a cluster of 1 and of 2 workers with one thread each, and without one.

    python benchmarks/cluster.py                  # a few minutes on 2 free cores
    python benchmarks/cluster.py --trainings 24   # steadier figures

Starts a Dask scheduler and workers on this machine. Each case trains the same small networks, after
one training a worker that loads TensorFlow and the images. "Without a cluster" is the process in
which the app trains, with one thread as well; what the scheduler adds is how much longer a training
takes on a cluster of one worker. Timings belong to the machine they were taken on; nothing here is
asserted.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cae_core.jobs.cluster import RESOURCE, SCHEDULER_VARIABLE, Pool, cluster_pool, local_pool
from cae_core.jobs.worker import WorkerProcess
from cae_core.studies.sweep import Trial, run_sweep

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
NETWORK = "conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid"
EPOCHS, IMAGES = 3, 2_000


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--trainings", type=int, default=8, help="in each case; default: 8")
    count = parser.parse_args().trainings
    os.environ.update(ONE_THREAD)
    with WorkerProcess() as worker:
        alone = measured("without a cluster", local_pool(worker), count)
    for workers in (1, 2):
        with cluster(workers) as pool:
            seconds = measured(f"cluster, workers: {workers}", pool, count)
        if workers == 1:
            print(f"{'the scheduler adds':24}{seconds / alone - 1:8.1%} to a training", flush=True)


def measured(name: str, pool: Pool, count: int) -> float:
    """Prints the trainings an hour of a pool; returns the seconds of one, as it goes on."""
    with tempfile.TemporaryDirectory() as folder:

        def train(seeds: range) -> float:
            trials = [Trial(NETWORK, EPOCHS, seed, "photo_patches", IMAGES) for seed in seeds]
            started = time.perf_counter()
            done = run_sweep(
                trials, Path(folder) / "table.csv", executor=pool.executor, at_once=pool.at_once
            )
            if len(done) < len(trials):
                raise SystemExit(f"{len(trials) - len(done)} trainings failed.")
            return time.perf_counter() - started

        train(range(pool.at_once()))
        seconds = train(range(1_000, 1_000 + count)) / count
    print(f"{name:24}{3600 / seconds:8.0f} trainings an hour, {seconds:.2f} s each", flush=True)
    return seconds


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[Pool]:
    """A scheduler and its workers on this machine."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: str) -> None:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)

        folder = stack.enter_context(tempfile.TemporaryDirectory())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        start("scheduler", "--host", address)
        for _ in range(workers):
            worker = ["worker", address, "--no-nanny", "--nthreads", "1", "--memory-limit", "0"]
            start(*worker, "--resources", f"{RESOURCE}=1", "--local-directory", folder)
        pool = cluster_pool({SCHEDULER_VARIABLE: address})
        assert pool is not None  # noqa: S101 - the variable is set
        while pool.workers() < workers:
            time.sleep(0.1)
        yield pool
        pool.executor._client.close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
