"""The health check: what is wrong with server, disk and worker is said, nothing else."""

import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

import cae_core as cae
from cae_core.jobs import health
from cae_core.jobs.job import QUEUED, JobRequest
from cae_core.jobs.queue import JobQueue
from cae_core.studies.plan import Plan

ROOT = Path(cae.__file__).parents[1]


class Idle(Executor):
    """A worker that does nothing."""

    def submit(self, fn, /, *args, **kwargs):
        return Future()


@pytest.fixture
def server():
    """The address of a server that answers everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as answering:
        Thread(target=answering.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{answering.server_port}"
        answering.shutdown()


def test_a_healthy_server_ends_the_command_with_0(tmp_path, server):
    command = [sys.executable, "-m", "cae_core.jobs.health", server]
    environment = {**os.environ, "CAE_RUNS_DIR": str(tmp_path / "runs")}
    done = subprocess.run(  # noqa: S603 - our own module
        command, cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_server_that_does_not_answer_and_a_folder_that_cannot_be_are_named(tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
        (tmp_path / "file").touch()
        silent, unwritable = health.problems(tmp_path / "file", address)
    assert silent.startswith("The server does not answer: ")
    assert unwritable.startswith("The folder of trainings cannot be written to: ")


def test_a_disk_with_little_room_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(health, "LEAST_FREE_MB", 1e12)
    (problem,) = health.disk_problems(tmp_path)
    assert "MB left" in problem
    assert list(tmp_path.iterdir()) == []


def test_a_job_that_has_not_moved_for_long_is_named_while_a_server_has_the_folder(tmp_path):
    queue = JobQueue(tmp_path, Idle())
    network = cae.Architecture.parse("conv4 pool | up conv3")
    job_id = queue.submit(
        JobRequest(network, cae.Reconstruct(), cae.TrainConfig(), "photo_patches")
    )
    assert health.worker_problems(tmp_path) == []
    os.utime(tmp_path / job_id / "status.json", (0, 0))
    (problem,) = health.worker_problems(tmp_path)
    assert problem.startswith("Nothing has moved for ")
    assert problem.endswith(": 1 training under way.")
    queue.close()
    assert health.worker_problems(tmp_path) == []


def test_a_sweep_may_be_silent_for_as_long_as_one_of_its_trainings_takes(tmp_path, monkeypatch):
    monkeypatch.setenv("CAE_MAX_JOB_MINUTES", "60")
    queue = JobQueue(tmp_path, Idle())
    plan = Plan({"channels": (2,)}, epochs=1, images=64)
    job_id = queue.submit(JobRequest.of_sweep(plan))
    status = tmp_path / job_id / "status.json"
    while queue.status(job_id).state == QUEUED:
        threading.Event().wait(0.01)
    for minutes, is_named in ((50, False), (70, False), (80, True)):
        then = time.time() - 60 * minutes
        os.utime(status, (then, then))
        assert bool(health.worker_problems(tmp_path)) == is_named
    queue.close()
