"""A sweep on a cluster: a real scheduler and two workers on this machine, one of them killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest
import yaml

from cae_core.errors import JobError
from cae_core.jobs.cluster import RESOURCE, SCHEDULER_VARIABLE, cluster_pool
from cae_core.studies.sweep import Trial, read_table, run_sweep

TRIALS = [
    Trial(f"conv{channels} pool | up conv3:sigmoid", 2, seed, "photo_patches", 512)
    for channels in (2, 3)
    for seed in (0, 1)
]
ROOT = Path(__file__).parents[3]
LOOKS = 36_000  # twentieths of a second: only a test that fails waits so long


def test_the_compose_file_starts_what_the_readme_says():
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    commands = [services[name]["command"] for name in ("scheduler", "worker")]
    commands.append(
        f"CAE_SCHEDULER={services['app']['environment'][SCHEDULER_VARIABLE]} cae-lab app"
    )
    readme = (ROOT / "README.md").read_text()
    for command in commands:
        said = command.removesuffix(" --no-dashboard").replace("//scheduler", "//SCHEDULER")
        assert f"\n    {said}" in readme


@pytest.mark.heavy
def test_without_a_scheduler_the_variable_is_explained():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        for address in (closed, "nowhere://x"):
            with pytest.raises(JobError, match=f"Received: {address}, where none answers"):
                cluster_pool({SCHEDULER_VARIABLE: address})


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(JobError, match=r"pip install 'cae-lab\[cluster\]'"):
        cluster_pool({SCHEDULER_VARIABLE: "tcp://127.0.0.1:1"})


def wait_until(found):
    """What `found` returns, once it is something."""
    pause = threading.Event()
    for _ in range(LOOKS):
        if value := found():
            return value
        pause.wait(0.05)
    pytest.fail("the condition did not come true")


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers; their address, and the workers' processes."""
    with contextlib.ExitStack() as stack:

        def start(*arguments):
            process = subprocess.Popen(  # noqa: S603 - Dask's own commands, no shell
                [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
        start("scheduler", "--host", address)
        worker = ["worker", address, "--no-nanny", "--nthreads", "1", "--memory-limit", "0"]
        worker += ["--resources", f"{RESOURCE}=1", "--local-directory", str(tmp_path)]
        yield address, [start(*worker), start(*worker)]


@pytest.mark.heavy
def test_a_killed_worker_loses_and_doubles_nothing_and_results_are_those_of_this_machine(
    cluster, tmp_path
):
    address, processes = cluster
    pool = wait_until(lambda: connected(address))
    client = pool.executor._client
    wait_until(lambda: pool.workers() == 2)
    pids = client.run(os.getpid)
    assert sorted(pids.values()) == sorted(process.pid for process in processes)
    killed = []

    def kill_who_trains(result):
        if not killed:
            busy = wait_until(lambda: [w for w, keys in client.processing().items() if keys])
            killed.append(pids[busy[0]])
            os.kill(killed[0], signal.SIGKILL)

    failed, path = [], tmp_path / "table.csv"
    run_sweep(
        TRIALS,
        path,
        executor=pool.executor,
        at_once=pool.at_once,
        on_result=kill_who_trains,
        on_failure=lambda *failure: failed.append(failure),
        samples=tmp_path / "samples",
    )
    wait_until(lambda: pool.workers() == 1)
    assert pool.is_open()
    client.close()
    assert not pool.is_open()
    with pytest.raises(JobError, match="where none answers"):
        pool.workers()
    found = read_table(path)
    assert killed
    assert failed == []
    assert Counter(result.trial for result in found) == Counter(TRIALS)
    assert len(list((tmp_path / "samples").iterdir())) == len(TRIALS)
    here = run_sweep(TRIALS, tmp_path / "here.csv")
    errors = {result.trial: (result.mse, result.mae, result.psnr, result.ssim) for result in here}
    assert errors == {r.trial: (r.mse, r.mae, r.psnr, r.ssim) for r in found}


def connected(address):
    """The pool of a scheduler, once it answers."""
    with contextlib.suppress(JobError):
        return cluster_pool({SCHEDULER_VARIABLE: address})
    return None
