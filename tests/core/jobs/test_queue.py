"""Jobs: every one comes to an end that its folder tells of, whatever happens to the worker."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

import cae_core
from cae_core.architecture.notation import Architecture
from cae_core.data.registry import Dataset, load_dataset
from cae_core.errors import JobError, TrainingError, WorkerError
from cae_core.jobs import queue as queues
from cae_core.jobs import work
from cae_core.jobs.job import (
    FAILED,
    FINISHED,
    QUEUED,
    RATE_TEST,
    RUNNING,
    STOPPED,
    TRAINING,
    EndReason,
    JobRequest,
    JobStatus,
    write_status,
)
from cae_core.jobs.limits import Limits, shared_runs
from cae_core.jobs.queue import JobQueue
from cae_core.jobs.worker import WorkerProcess
from cae_core.training import runs
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import find_learning_rate
from cae_core.training.progress import Progress
from cae_core.training.runs import Run
from cae_core.training.tasks import Denoise, Reconstruct
from tests.core.meeting import Meeting, run_together

# Keras 3.15 saves TensorFlow variables in a way that NumPy 2.4 announces the end of.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

ROOT = Path(cae_core.__file__).parents[1]
DEADLINE = 900  # seconds; only a test that fails takes so long
GREY = Architecture.parse("8x8x1 conv4 pool | up conv1:sigmoid")
COLOUR = Architecture.parse("conv2 pool | up conv3:sigmoid")


class InLine(Executor):
    """Runs a call while it is submitted."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - an executor's future carries it on
            future.set_exception(error)
        return future


class ByHand(Executor):
    """Keeps the calls: a test begins and ends them."""

    def __init__(self, future_class=Future):
        self.future_class = future_class
        self.calls = []

    def submit(self, fn, /, *args, **kwargs):
        future = self.future_class()
        self.calls.append((future, fn, args))
        return future

    def begin(self):
        """Takes the first call that was not cancelled; returns its future."""
        while self.calls:
            future, _, _ = self.calls.pop(0)
            if future.set_running_or_notify_cancel():
                return future
        return None


def wait_until(condition):
    """Returns once the condition holds; fails after the deadline."""
    pause = threading.Event()
    for _ in range(DEADLINE * 20):
        if condition():
            return
        pause.wait(0.05)
    pytest.fail("the condition did not come true")


def request(architecture=GREY, dataset="mine", *, task=None, kind=TRAINING, **settings):
    config = TrainConfig(**{"epochs": 1, "batch_size": 16} | settings)
    return JobRequest(architecture, task or Reconstruct(), config, dataset, kind)


def images(seed=0):
    rng = np.random.default_rng(seed)
    parts = (rng.integers(0, 256, (count, 8, 8, 1), np.uint8) for count in (40, 10, 6))
    return Dataset("images", *parts)


def files(folder):
    """What a folder of jobs holds but for the lock."""
    return [path for path in folder.iterdir() if path.name != ".lock"]


# From the beginning to the end


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A queue with one job that was trained in this process."""
    queue = JobQueue(tmp_path_factory.mktemp("jobs"), InLine())
    with pytest.warns(DeprecationWarning, match="copy keyword"):
        job_id = queue.submit(request(task=Denoise(0.1), epochs=2), images())
    return queue, job_id


def test_a_finished_job_tells_its_request_its_last_progress_and_how_long_it_took(finished):
    queue, job_id = finished
    status = queue.status(job_id)
    assert (status.id, status.state, status.has_ended) == (job_id, FINISHED, True)
    assert status.request == request(task=Denoise(0.1), epochs=2)
    assert status.message.startswith("Took ")
    assert status.position == 0
    assert status.progress.fraction == 1
    assert [record.epoch for record in status.progress.history] == [1, 2]
    assert status.progress.samples is None


def test_a_finished_job_leaves_a_run_that_can_be_loaded(finished):
    queue, job_id = finished
    status = queue.status(job_id)
    assert status.run_folder == status.folder / "run"
    run = Run.load(status.run_folder)
    assert run.architecture == GREY
    assert run.history == status.progress.history
    assert not run.stopped
    np.testing.assert_array_equal(status.samples(), run.samples)


def test_images_that_travel_with_the_job_are_those_it_is_trained_on(finished):
    queue, job_id = finished
    run = Run.load(queue.status(job_id).run_folder)
    assert run.dataset == "mine"  # no name of a data set: nothing else can have been loaded
    np.testing.assert_array_equal(run.samples[0], images().validation[:8])
    assert run.test["images"] == 6


@pytest.mark.heavy
def test_a_named_data_set_is_loaded_by_the_worker_with_the_seed_of_the_settings(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("CAE_DATA_LIMIT", "64")
    queue = JobQueue(tmp_path, InLine())
    job_id = queue.submit(request(COLOUR, "photo_patches", batch_size=64, seed=5))
    status = queue.status(job_id)
    assert (status.state, status.progress.batches) == (FINISHED, 1)
    wanted = load_dataset("photo_patches", seed=5).validation[:8]
    np.testing.assert_array_equal(status.samples()[0], wanted)
    assert not (status.folder / "data.npz").exists()


def test_a_request_survives_its_file():
    for wanted in (
        request(COLOUR, "cifar10", kind=RATE_TEST, schedule="constant", seed=7),
        request(task=Denoise((0.1, 0.4), clip=True), learning_rate=0.1),
    ):
        assert JobRequest.from_json(wanted.to_json()) == wanted


def test_jobs_from_before_there_were_tests_are_still_trainings(finished, tmp_path):
    queue, job_id = finished
    old = tmp_path / "20301231-235959-abcdef"
    shutil.copytree(queue.folder / job_id, old)
    asked = json.loads((old / "request.json").read_text())
    del asked["kind"]
    (old / "request.json").write_text(json.dumps(asked | {"limit": None}))
    (status,) = JobQueue(tmp_path, ByHand()).jobs()
    assert (status.id, status.request) == (old.name, queue.status(job_id).request)


# The queue


def states(queue, ids):
    return [(queue.status(job_id).state, queue.status(job_id).position) for job_id in ids]


def test_jobs_wait_in_their_order_and_know_how_many_are_before_them(tmp_path):
    executor = ByHand()
    queue = JobQueue(tmp_path, executor)
    ids = [queue.submit(request(), images()) for _ in range(3)]
    assert len(set(ids)) == 3
    assert states(queue, ids) == [(QUEUED, 0), (QUEUED, 1), (QUEUED, 2)]
    assert [args[0] for _, _, args in executor.calls] == [str(tmp_path / job_id) for job_id in ids]
    executor.begin().set_exception(JobError("lost"))
    assert states(queue, ids) == [(FAILED, 0), (QUEUED, 0), (QUEUED, 1)]


def test_a_queued_job_has_neither_progress_nor_images_nor_a_run(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    status = queue.status(queue.submit(request(), images()))
    assert status.message == "Waiting for the worker."
    assert not status.has_ended
    assert (status.progress, status.samples(), status.run_folder) == (None, None, None)


def test_a_job_that_is_stopped_while_it_waits_never_begins(tmp_path):
    executor = ByHand()
    queue = JobQueue(tmp_path, executor)
    ids = [queue.submit(request(), images()) for _ in range(3)]
    queue.stop(ids[1])
    status = queue.status(ids[1])
    assert (status.state, status.message) == (STOPPED, "Stopped before it began.")
    assert states(queue, ids)[2] == (QUEUED, 1)
    executor.begin()
    executor.begin()
    assert executor.begin() is None
    queue.stop(ids[1])
    assert queue.status(ids[1]) == status


def test_all_jobs_are_listed_the_newest_first_and_nothing_else(tmp_path, monkeypatch):
    class Clock(datetime):
        """A second passes from one job to the next."""

        at = datetime(2031, 12, 31, 23, 59, 58)

        @classmethod
        def now(cls):
            cls.at += timedelta(seconds=1)
            return cls.at

    monkeypatch.setattr(queues, "datetime", Clock)
    queue = JobQueue(tmp_path, ByHand())
    assert queue.jobs() == []
    ids = [queue.submit(request(), images()) for _ in range(3)]
    for other in ("notes", "20310101-000000-xyz"):
        (tmp_path / other).mkdir()
        (tmp_path / other / "status.json").write_text("{}")
    assert [status.id for status in queue.jobs()] == ids[::-1]


@pytest.mark.parametrize("step", [0, -1], ids=["stands still", "is set back"])
def test_jobs_keep_the_order_of_submission_where_the_clock(tmp_path, monkeypatch, step):
    class Clock(datetime):
        at = datetime(2031, 1, 1, 0, 0, 30)

        @classmethod
        def now(cls):
            cls.at += timedelta(seconds=step)
            return cls.at

    monkeypatch.setattr(queues, "datetime", Clock)
    queue = JobQueue(tmp_path, ByHand())
    ids = [queue.submit(request(), images()) for _ in range(20)]
    assert [status.id for status in queue.jobs()] == ids[::-1]


def test_two_sessions_get_their_ids_one_after_the_other(tmp_path, monkeypatch):
    meeting = Meeting()

    class Clock(datetime):
        @classmethod
        def now(cls):
            meeting.attend()
            return cls(2031, 1, 1)

    monkeypatch.setattr(queues, "datetime", Clock)
    queue = JobQueue(tmp_path, ByHand())
    run_together(*[lambda: queue.submit(request(), images())] * 2)
    assert not meeting.took_place.is_set()


def test_a_job_that_is_queued_does_not_disturb_who_asks_how_many_are_before_another(tmp_path):
    meanwhile, arrived, go_on = [], threading.Event(), threading.Event()

    class Interrupted(Future):
        """While somebody asks whether it has ended, something else happens."""

        def done(self):
            if meanwhile:
                meanwhile.pop()()
            return super().done()

    class Slow(ByHand):
        def submit(self, *call):
            arrived.set()
            assert go_on.wait(DEADLINE)
            return super().submit(*call)

    executor = Slow(Interrupted)
    queue = JobQueue(tmp_path, executor)
    go_on.set()
    early, waiting = (queue.submit(request(), images()) for _ in range(2))
    queue.stop(early)
    arrived.clear()
    go_on.clear()
    resuming = threading.Thread(target=queue.resume, args=(early,))
    resuming.start()
    assert arrived.wait(DEADLINE)
    meanwhile += [lambda: resuming.join(Meeting.PATIENCE), go_on.set]
    assert queue.status(waiting).position == 0
    resuming.join()
    assert states(queue, [waiting, early]) == [(QUEUED, 0), (QUEUED, 1)]


def test_a_resumed_job_waits_behind_those_that_came_in_the_meantime(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    first, second = (queue.submit(request(), images()) for _ in range(2))
    queue.stop(first)
    queue.resume(first)
    assert states(queue, [second, first]) == [(QUEUED, 0), (QUEUED, 1)]


# Learning-rate tests


def data_file(status):
    """Whether the images that came with a job are still there."""
    return (status.folder / "data.npz").exists()


@pytest.mark.heavy
def test_a_learning_rate_test_leaves_what_find_learning_rate_finds(tmp_path):
    queue = JobQueue(tmp_path, InLine())
    wanted = request(kind=RATE_TEST, task=Denoise(0.1), seed=3)
    status = queue.status(queue.submit(wanted, images()), RATE_TEST)
    assert (status.state, status.progress.fraction) == (FINISHED, 1)
    assert status.message.startswith("Took ")
    assert status.learning_rate_test() == find_learning_rate(
        GREY, images(), task=Denoise(0.1), config=wanted.config
    )
    assert (status.run_folder, status.samples(), data_file(status)) == (None, None, False)


def test_a_learning_rate_test_is_no_training(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    training = queue.submit(request(), images())
    test = queue.submit(request(kind=RATE_TEST), images())
    assert [status.id for status in queue.jobs()] == [training]
    # They wait in one queue all the same.
    assert states(queue, [training, test]) == [(QUEUED, 0), (QUEUED, 1)]
    with pytest.raises(JobError, match="A training is on this server until"):
        queue.status(test, TRAINING)
    with pytest.raises(JobError, match="A learning-rate test is on this server until"):
        queue.status(training, RATE_TEST)
    assert queue.status(training, TRAINING).learning_rate_test() is None
    assert queue.status(test, RATE_TEST).learning_rate_test() is None


def test_a_learning_rate_test_that_is_stopped_shows_its_curve_and_suggests_nothing(tmp_path):
    queue = JobQueue(tmp_path, executor := ByHand())
    job_id = queue.submit(request(kind=RATE_TEST), images())
    future, run_job, arguments = executor.calls[0]
    # As in a process of its own: the call is on its way and can no longer be taken back.
    future.set_running_or_notify_cancel()
    queue.stop(job_id)
    run_job(*arguments)
    status = queue.status(job_id)
    assert (status.state, status.reason, data_file(status)) == (STOPPED, EndReason.PERSON, False)
    assert "Stopped by hand." in status.message
    test = status.learning_rate_test()
    assert (len(test.rates), test.suggestion, test.stopped) == (1, None, True)


def test_a_learning_rate_test_whose_worker_dies_fails_and_keeps_no_images(tmp_path):
    executor = ByHand()
    queue = JobQueue(tmp_path, executor)
    died, waiting = (queue.submit(request(kind=RATE_TEST), images()) for _ in range(2))
    executor.begin().set_exception(JobError("killed by signal 9"))
    status = queue.status(died)
    assert (status.state, status.message) == (FAILED, "killed by signal 9")
    assert (status.learning_rate_test(), data_file(status)) == (None, False)
    assert not status.can_resume
    with pytest.raises(JobError, match="Received: a learning-rate test that is failed"):
        queue.resume(died)
    assert data_file(queue.status(waiting))
    queue.stop(waiting)
    assert not data_file(queue.status(waiting))


@pytest.mark.parametrize("text", ["", "[]", '{"rates": 1}'])
def test_a_damaged_learning_rate_test_is_refused(tmp_path, text):
    queue = JobQueue(tmp_path, ByHand())
    status = queue.status(queue.submit(request(kind=RATE_TEST), images()))
    (status.folder / "learning_rate_test.json").write_text(text)
    with pytest.raises(JobError, match=r"whole\. Received: learning_rate_test\.json "):
        status.learning_rate_test()


# Warming


@pytest.mark.heavy
def test_a_worker_can_be_warmed_before_its_first_job():
    with WorkerProcess() as worker:
        assert worker.submit(work.warm_up).result(DEADLINE) is None
        assert worker.submit(_has_tensorflow).result(DEADLINE)


# Stopping


def test_a_running_job_shows_its_progress_and_keeps_what_it_has_learnt_when_stopped(tmp_path):
    with ThreadPoolExecutor(1) as executor:
        queue = JobQueue(tmp_path, executor)
        job_id = queue.submit(request(epochs=1000), images())
        try:
            wait_until(lambda: (s := queue.status(job_id)).progress or s.has_ended)
            running = queue.status(job_id)
            assert (running.state, running.message) == (RUNNING, "Training.")
            assert 0 < running.progress.fraction < 1
            wait_until(lambda: queue.status(job_id).samples() is not None)
            assert queue.status(job_id).samples().shape == (3, 8, 8, 8, 1)
            assert running.run_folder is None
            wait_until(lambda: queue.status(job_id).progress.history)  # an epoch is whole
        finally:
            queue.stop(job_id)
        wait_until(lambda: queue.status(job_id).has_ended)
    status = queue.status(job_id)
    assert status.state == STOPPED
    assert status.progress.fraction < 1
    run = Run.load(status.run_folder)
    assert run.stopped
    assert 1 <= len(run.history) < 1000


def test_a_job_whose_server_is_gone_stops_by_itself(tmp_path, monkeypatch):
    parents = itertools.chain([2], itertools.repeat(1))
    monkeypatch.setattr(os, "getppid", lambda: next(parents))
    queue = JobQueue(tmp_path, InLine())
    status = queue.status(queue.submit(request(epochs=1000), images()))
    assert (status.state, status.reason) == (STOPPED, EndReason.SERVER_GONE)
    assert "The server ended before it." in status.message
    assert status.can_resume


def test_stopping_a_job_that_has_ended_changes_nothing(finished):
    queue, job_id = finished
    before = queue.status(job_id)
    queue.stop(job_id)
    assert queue.status(job_id) == before
    assert not (before.folder / "stop").exists()


# Failing


def test_a_network_that_does_not_fit_the_images_given_is_refused_and_nothing_is_queued(tmp_path):
    executor = ByHand()
    queue = JobQueue(tmp_path, executor)
    with pytest.raises(TrainingError, match="Begin its text with 8x8x1"):
        queue.submit(request(COLOUR), images())
    assert queue.jobs() == []
    assert executor.calls == []
    assert files(tmp_path) == []


def test_an_unknown_data_set_fails_with_the_reason(tmp_path):
    queue = JobQueue(tmp_path, InLine())
    status = queue.status(queue.submit(request(GREY, "cifar-10")))
    assert status.state == FAILED
    assert "Did you mean 'cifar10'?" in status.message


def test_an_error_nobody_thought_of_fails_the_job_with_its_words(tmp_path, monkeypatch):
    def broken(name, **settings):
        raise ZeroDivisionError("an error in the code")

    monkeypatch.setattr(work, "load_dataset", broken)
    queue = JobQueue(tmp_path, InLine())
    status = queue.status(queue.submit(request(COLOUR, "photo_patches")))
    assert (status.state, status.message) == (FAILED, "an error in the code")


def test_a_job_whose_worker_dies_fails_with_the_reason_and_keeps_its_last_progress(
    tmp_path, finished
):
    executor = ByHand()
    queue = JobQueue(tmp_path, executor)
    job_id = queue.submit(request(), images())
    future = executor.begin()
    last = finished[0].status(finished[1]).progress
    write_status(tmp_path / job_id, RUNNING, "Training.", last)
    future.set_exception(JobError("killed by signal 9"))
    status = queue.status(job_id)
    assert (status.state, status.message) == (FAILED, "killed by signal 9")
    assert status.progress == last


def test_a_new_queue_on_an_old_folder_marks_the_jobs_that_had_not_ended_as_failed(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    queued, running, stopped = (queue.submit(request(), images()) for _ in range(3))
    write_status(tmp_path / running, RUNNING, "Training.")
    queue.stop(stopped)
    queue.close()
    reopened = JobQueue(tmp_path, ByHand())
    for job_id in (queued, running):
        status = reopened.status(job_id)
        assert (status.state, status.reason) == (FAILED, EndReason.SERVER_GONE)
        assert status.message == "The server was restarted."
        reopened.stop(job_id)
    assert reopened.status(stopped).message == "Stopped before it began."


def test_a_reopened_queue_still_has_its_finished_jobs(finished):
    queue, job_id = finished
    queue.close()
    assert JobQueue(queue.folder, ByHand()).status(job_id) == queue.status(job_id)


# Ids come from addresses that anyone can type


@pytest.mark.parametrize(
    "job_id",
    [
        "",
        ".",
        "..",
        "../x",
        "x/../../y",
        "/etc/passwd",
        "20310101-000000-abcdef",
        "20310101-000000-abcdef\n",
        "20310101-000000-ABCDEF",
        "20310101-000000-abcdef/..",
        "*",
        "\0",
        "a" * 10_000,
    ],
)
def test_an_id_that_is_not_a_jobs_is_refused(tmp_path, job_id):
    queue = JobQueue(tmp_path, ByHand())
    for ask in (queue.status, queue.stop):
        with pytest.raises(JobError, match="A training is on this server until"):
            ask(job_id)
    assert files(tmp_path) == []


def test_an_id_does_not_lead_to_a_job_in_another_folder(finished, tmp_path):
    queue, job_id = finished
    other = JobQueue(tmp_path, ByHand())
    for outside in (queue.folder / job_id, os.path.relpath(queue.folder / job_id, tmp_path)):
        with pytest.raises(JobError, match="Received: "):
            other.status(str(outside))


# The files between the two sides


def test_a_status_is_replaced_as_a_whole(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    status = queue.status(queue.submit(request(), images()))
    with (status.folder / "status.json").open() as before:
        queue.stop(status.id)
        # Who has the old file open still reads the old one, to its end.
        assert json.load(before)["state"] == QUEUED
    assert queue.status(status.id).state == STOPPED


def test_images_are_never_unpickled(tmp_path):
    queue = JobQueue(tmp_path, InLine())
    folder = tmp_path / queue.submit(request(GREY, "cifar-10"))
    np.save(folder / "samples.npy", np.array([print], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"samples\.npy is damaged"):
        queue.status(folder.name).samples()


# With a process of its own


@pytest.mark.heavy
def test_a_worker_killed_in_the_middle_of_a_job_fails_that_job_and_the_next_one_is_trained(
    tmp_path,
):
    with contextlib.ExitStack() as stack:
        worker = WorkerProcess(preload=("cae_core.training.loop",))
        stack.callback(worker.shutdown, cancel_futures=True)
        queue = JobQueue(tmp_path, worker)
        endless = queue.submit(request(epochs=1000), images())
        short = queue.submit(request(), images())
        wait_until(lambda: (s := queue.status(endless)).progress or s.has_ended)
        assert queue.status(endless).state == RUNNING
        assert states(queue, [short]) == [(QUEUED, 1)]
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: queue.status(endless).has_ended)
        failed = queue.status(endless)
        assert (failed.state, failed.reason) == (FAILED, EndReason.KILLED)
        assert "killed by signal 9" in failed.message
        assert failed.progress is not None
        wait_until(lambda: queue.status(short).has_ended)
        status = queue.status(short)
        assert (status.state, status.progress.fraction) == (FINISHED, 1)
        assert Run.load(status.run_folder).dataset == "mine"


# Going on, names, deletion, limits, damage


@pytest.mark.heavy
def test_a_killed_job_goes_on_behind_its_last_whole_epoch(tmp_path):
    with contextlib.ExitStack() as stack:
        worker = WorkerProcess(preload=("cae_core.training.loop",))
        stack.callback(worker.shutdown, cancel_futures=True)
        queue = JobQueue(tmp_path, worker)
        job_id = queue.submit(request(epochs=1000), images())
        # A checkpoint follows the report of its epoch: with three of them, two are in it.
        wait_until(lambda: (p := queue.status(job_id).progress) and len(p.history) >= 3)
        os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: queue.status(job_id).has_ended)
        killed = queue.status(job_id)
        assert killed.state == FAILED
        assert "signal 9" in killed.message
        assert killed.can_resume
        assert killed.has_checkpoint
    # The rest of a thousand epochs would take its time: two more will do.
    epochs = len(killed.progress.history) + 2
    asked = json.loads((killed.folder / "request.json").read_text())
    asked["config"]["epochs"] = epochs
    (killed.folder / "request.json").write_text(json.dumps(asked))
    queue.close()
    queue = JobQueue(tmp_path, InLine())
    queue.resume(job_id)
    resumed = queue.status(job_id)
    assert resumed.state == FINISHED, resumed.message
    history = Run.load(resumed.run_folder).history
    assert [record.epoch for record in history] == list(range(1, epochs + 1))
    assert history[:2] == killed.progress.history[:2]
    assert resumed.progress.trace[0][0] <= 1  # the curve begins where the killed one began
    assert not resumed.has_checkpoint


def test_only_a_job_that_ended_early_can_go_on(finished):
    queue, job_id = finished
    with pytest.raises(JobError, match="a training that is finished"):
        queue.resume(job_id)


def test_a_job_keeps_the_name_it_is_given(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    job_id = queue.submit(request(), images())
    assert queue.status(job_id).name == ""
    queue.rename(job_id, "  my best one " + "x" * 100)
    assert queue.status(job_id).name.startswith("my best one xxx")
    assert len(queue.status(job_id).name) == 60


def test_a_job_is_deleted_with_its_files_once_it_has_ended(tmp_path):
    executor = ByHand()
    queue = JobQueue(tmp_path, executor)
    job_id = queue.submit(request(), images())
    with pytest.raises(JobError, match="Stop it first"):
        queue.delete(job_id)
    queue.stop(job_id)
    queue.delete(job_id)
    assert files(tmp_path) == []
    with pytest.raises(JobError):
        queue.status(job_id)


def test_a_network_beyond_the_hosts_limits_is_refused_with_by_how_much(tmp_path):
    limits = Limits(parameters=50, memory_mb=1_600)
    queue = JobQueue(tmp_path, ByHand(), limits)
    with pytest.raises(JobError, match=r"at most 50 parameters. Received: 77, 1.5 times"):
        queue.submit(request(), images())
    queue.limits = Limits(memory_mb=801)
    with pytest.raises(JobError, match=r"at most 801 MB. Received: one of about .* too many"):
        queue.submit(request(Architecture.parse("64x64x1 conv64 | conv1"), batch_size=512))
    assert files(tmp_path) == []


@pytest.mark.parametrize("text", ["0", "-1", "many", "nan"])
def test_a_limit_that_is_no_number_above_0_is_refused(text):
    with pytest.raises(JobError, match="CAE_MAX_PARAMETERS is a number above 0"):
        Limits.from_environment({"CAE_MAX_PARAMETERS": text})


def test_a_training_ends_at_the_hosts_time_limit_and_keeps_what_it_learnt(tmp_path, monkeypatch):
    monkeypatch.setenv("CAE_MAX_JOB_MINUTES", "0.0001")
    queue = JobQueue(tmp_path, InLine())
    status = queue.status(queue.submit(request(epochs=1000), images()))
    assert (status.state, status.reason) == (STOPPED, EndReason.TIME_LIMIT)
    assert "limit of 0.0001 minutes" in status.message
    assert status.run_folder is not None


def test_a_damaged_job_is_left_out_of_the_list_and_named(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    whole, broken = (queue.submit(request(), images()) for _ in range(2))
    (tmp_path / broken / "status.json").write_text('{"state": "run')
    assert [status.id for status in queue.jobs()] == [whole]
    assert len(queue.damaged()) == 1
    assert "whole" in queue.damaged()[broken]
    queue.close()
    JobQueue(tmp_path, ByHand())  # a restart survives it as well


# Visitors


def asked_by(owner, **settings):
    return dataclasses.replace(request(**settings), owner=owner)


def test_a_job_belongs_to_the_visitor_who_started_it_and_an_older_one_to_nobody(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    for owner in ("ada", "", "bob"):
        queue.submit(asked_by(owner), images())
    newest, nobodys, oldest = queue.jobs()
    assert [job.belongs_to("ada") for job in (newest, nobodys, oldest)] == [False, False, True]
    assert not nobodys.belongs_to("")
    assert queue.jobs_of("bob") == queue.jobs_for("bob", shared=False) == [newest]
    assert queue.jobs_for("ada", shared=True) == queue.jobs()
    assert "owner" not in repr(oldest)


def test_a_visitor_has_so_many_jobs_waiting_and_others_still_have_room(tmp_path):
    executor = ByHand()
    queue = JobQueue(tmp_path, executor, Limits(waiting_per_visitor=2))
    _, second = (queue.submit(asked_by("ada"), images()) for _ in range(2))
    with pytest.raises(JobError, match="At most 2 trainings and tests of one visitor wait"):
        queue.submit(asked_by("ada", kind=RATE_TEST), images())
    queue.submit(asked_by("bob"), images())
    assert len(files(tmp_path)) == 3
    executor.begin()  # the first no longer waits
    third = queue.submit(asked_by("ada"), images())
    queue.stop(second)
    fourth = queue.submit(asked_by("ada"), images())
    with pytest.raises(JobError, match="of one visitor wait"):
        queue.resume(second)
    assert [queue.status(job_id).state for job_id in (third, fourth)] == [QUEUED, QUEUED]
    assert queue.status(second).state == STOPPED


def test_so_many_jobs_wait_in_all(tmp_path):
    queue = JobQueue(tmp_path, ByHand(), Limits(waiting=3))
    for owner in "abc":
        queue.submit(asked_by(owner), images())
    with pytest.raises(JobError, match="At most 3 trainings and tests wait on this server"):
        queue.submit(asked_by("d"), images())
    assert len(files(tmp_path)) == 3


def test_a_host_sets_its_limits_and_who_sees_what():
    assert Limits.from_environment({}) == Limits()
    given = {"CAE_MAX_WAITING": "7", "CAE_MAX_WAITING_PER_VISITOR": "1", "CAE_KEEP_RUNS_DAYS": "2"}
    limits = Limits.from_environment(given, hosted=True)
    assert (limits.waiting, limits.waiting_per_visitor, limits.run_days) == (7, 1, 2)
    assert (Limits().run_days, Limits.from_environment({}, hosted=True).run_days) == (None, 30)
    for value, shared in (("1", True), ("0", False)):
        for hosted in (True, False):
            assert shared_runs({"CAE_SHARED_RUNS": value}, hosted=hosted) is shared
    with pytest.raises(JobError, match="CAE_SHARED_RUNS is 0 or 1"):
        shared_runs({"CAE_SHARED_RUNS": "yes"}, hosted=True)


def test_a_tab_that_comes_second_gets_a_sentence_without_the_jobs_id(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    job_id = queue.submit(request(), images())
    queue.stop(job_id)
    queue.resume(job_id)
    with pytest.raises(JobError, match="Received: a training that is queued"):
        queue.resume(job_id)
    queue.stop(job_id)
    queue.delete(job_id)
    for act in (queue.delete, queue.resume, queue.stop, lambda gone: queue.rename(gone, "x")):
        with pytest.raises(JobError, match="Received: one that is not here") as error:
            act(job_id)
        assert job_id not in str(error.value)
    assert files(tmp_path) == []


def test_a_damaged_job_can_be_deleted(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    (tmp_path / "20301231-235959-abcdef").mkdir()
    job_id = queue.submit(request(), images())
    queue.stop(job_id)
    (tmp_path / job_id / "status.json").write_text("{")
    for damaged in ("20301231-235959-abcdef", job_id):
        queue.delete(damaged)
    assert files(tmp_path) == []


def age(folder, days):
    """Makes a job's last status so many days old."""
    then = time.time() - 86_400 * days
    os.utime(folder / "status.json", (then, then))


def test_runs_and_the_images_of_unfinished_trainings_are_kept_for_a_time(tmp_path):
    queue = JobQueue(tmp_path, ByHand(), Limits(run_days=30, upload_days=7))
    nobodys, old, unfinished, young, waiting = (
        queue.submit(asked_by(owner), images()) for owner in ("", "a", "a", "b", "b")
    )
    for job_id, days in ((nobodys, 31), (old, 31), (unfinished, 8), (young, 6)):
        queue.stop(job_id)
        age(tmp_path / job_id, days)
    age(tmp_path / waiting, 31)
    queue.expire()
    kept = queue.jobs()
    assert [status.id for status in kept] == [waiting, young, unfinished]
    assert [data_file(status) for status in kept] == [True, True, False]
    assert [status.can_resume for status in kept] == [False, True, False]
    with pytest.raises(JobError, match="as long as its images are kept"):
        queue.resume(unfinished)
    queue.close()
    # A restart and a new job clear up as well; without a limit a run stays.
    age(tmp_path / young, 31)
    again = JobQueue(tmp_path, ByHand(), Limits(run_days=None))
    assert len(again.jobs()) == 3
    again.limits = Limits(run_days=30)
    again.submit(request(), images())
    assert young not in [status.id for status in again.jobs()]


# One server, and what becomes of a worker without one


def test_a_new_server_clears_what_the_killed_one_left_half_done_and_nothing_else(tmp_path):
    job = "20301231-235959-000000-abcdef"
    half = [f".deleted-{job}", f".{job}.{'0' * 32}.partial"]
    foreign = [".config", ".ssh.partial"]
    for name in half + foreign:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    JobQueue(tmp_path, ByHand())
    assert sorted(path.name for path in files(tmp_path)) == foreign


def test_a_second_server_touches_nothing_of_the_first(tmp_path):
    queue = JobQueue(tmp_path, ByHand())
    job_id = queue.submit(request(), images())
    write_status(tmp_path / job_id, RUNNING, "Training.")
    with pytest.raises(JobError, match="belongs to one running app"):
        JobQueue(tmp_path, ByHand())
    assert queue.status(job_id).state == RUNNING


@pytest.mark.heavy
def test_a_worker_that_its_server_left_behind_writes_neither_state_nor_result(
    tmp_path, monkeypatch
):
    executor = ByHand()
    queue = JobQueue(tmp_path, executor)
    job_id = queue.submit(request(epochs=2), images())
    folder, (_, run_job, arguments) = tmp_path / job_id, executor.calls[0]
    queue.close()  # killed; its worker lives on
    takes_over = [lambda: JobQueue(tmp_path, ByHand())]
    save = Run.save
    queues = []

    def save_while_another_server_takes_over(run, place):
        queues.append(takes_over.pop()())
        queues[0].resume(job_id)
        return save(run, place)

    monkeypatch.setattr(Run, "save", save_while_another_server_takes_over)
    assert run_job(*arguments) is None
    (second,) = queues
    status = second.status(job_id)
    assert (status.state, status.reason, status.run_folder) == (QUEUED, None, None)
    assert sorted(path.name for path in folder.iterdir()) == [
        "checkpoint.npz",
        "data.npz",
        "lease",
        "request.json",
        "samples.npy",
        "status.json",
    ]
    # An orphan that is only now told to begin does not even do that.
    assert run_job(*arguments) is None
    assert second.status(job_id) == status


def test_a_job_of_a_killed_server_tells_why_it_ended_and_can_be_resumed(tmp_path):
    with serving(tmp_path) as server:
        folder = tmp_path / server.stdout.readline().split()[0]
        wait_until(lambda: JobStatus.read(folder).progress)
        with pytest.raises(JobError, match="belongs to one running app"):
            JobQueue(tmp_path, ByHand())
        assert JobStatus.read(folder).state == RUNNING
        server.kill()
    wait_until(lambda: JobStatus.read(folder).has_ended)  # the worker ends it by itself
    status = JobQueue(tmp_path, ByHand()).status(folder.name)
    assert (status.state, status.reason) == (STOPPED, EndReason.SERVER_GONE)
    assert "The server ended before it." in status.message
    assert Run.load(status.run_folder).stopped
    assert status.can_resume


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="Only Linux has /proc.")
def test_a_training_resumed_while_the_killed_servers_worker_lives_ends_as_if_it_did_not(tmp_path):
    with serving(tmp_path) as server:
        job_id, pid = server.stdout.readline().split()
        folder, orphan = tmp_path / job_id, int(pid)
        wait_until(lambda: (p := JobStatus.read(folder).progress) and len(p.history) >= 3)
        stop_between_two_writes(orphan, folder)
        server.kill()
    queue = JobQueue(tmp_path, InLine())
    assert queue.status(job_id).reason == EndReason.SERVER_GONE
    # The rest of a thousand epochs would take its time: two more will do.
    epochs = len(queue.status(job_id).progress.history) + 2
    asked = json.loads((folder / "request.json").read_text())
    asked["config"]["epochs"] = epochs
    (folder / "request.json").write_text(json.dumps(asked))
    queue.resume(job_id)
    status = queue.status(job_id)
    assert (status.state, len(Run.load(status.run_folder).history)) == (FINISHED, epochs)
    os.kill(orphan, signal.SIGCONT)
    wait_until(lambda: not is_running(orphan))
    assert queue.status(job_id) == status
    assert len(Run.load(status.run_folder).history) == epochs


def is_running(process):
    """Whether a process is there that is not only waiting to be buried."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def stop_between_two_writes(process, folder):
    """Stops a worker, so that it lives on, where it doesn't hold the lease's lock."""
    with (folder / "lease").open() as lease:
        while True:
            os.kill(process, signal.SIGSTOP)
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            os.kill(process, signal.SIGCONT)


def serving(folder):
    """A server in a process of its own; it prints the id of a job and the number of its worker."""
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", SERVER, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


SERVER = """
import os, sys, threading
import numpy as np
import cae_core as cae
from cae_core.data.dataset import Dataset
from cae_core.jobs import JobQueue, JobRequest, WorkerProcess

noise = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 1), np.uint8)
network = cae.Architecture.parse("8x8x1 conv4 pool | up conv1:sigmoid")
asked = JobRequest(network, cae.Reconstruct(), cae.TrainConfig(epochs=1000), "noise")
worker = WorkerProcess()
pid = worker.submit(os.getpid).result()
queue = JobQueue(sys.argv[1], worker)
print(queue.submit(asked, Dataset("noise", noise, noise, noise)), pid, flush=True)
threading.Event().wait()
"""


def test_the_time_of_a_resumed_training_is_that_of_all_its_parts(tmp_path):
    queue = JobQueue(tmp_path, executor := ByHand())
    job_id = queue.submit(request(), images())
    executor.begin()
    progress = Progress(1, 1, 1, 3, 0.5, images_per_second=9, seconds=7200, seconds_left=9)
    write_status(tmp_path / job_id, RUNNING, "Training.", progress)
    queue.close()  # the server is killed
    queue = JobQueue(tmp_path, InLine())
    queue.resume(job_id)
    status = queue.status(job_id)
    assert "Took 2 h 00 min." in status.message
    assert Run.load(status.run_folder).seconds > 7200


@pytest.mark.heavy
def test_a_resumed_training_that_fails_keeps_the_network_it_had(tmp_path):
    queue = JobQueue(tmp_path, executor := ByHand())
    job_id = queue.submit(request(epochs=1000), images())
    (tmp_path / job_id / "stop").touch()
    future, run_job, arguments = executor.calls.pop()
    future.set_running_or_notify_cancel()
    future.set_result(run_job(*arguments))
    assert queue.status(job_id).run_folder is not None
    queue.resume(job_id)
    assert queue.status(job_id).run_folder is None
    executor.begin().set_exception(WorkerError("killed by signal 9"))
    status = queue.status(job_id)
    assert (status.state, status.reason) == (FAILED, EndReason.KILLED)
    assert Run.load(status.run_folder).stopped


# A full disk


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB, and a function that fills it but for some bytes."""
    mount = shutil.which("mount")
    command = [mount or "", "-t", "tmpfs", "-o", "size=3m", "none", str(tmp_path)]
    if os.geteuid() != 0 or mount is None or subprocess.run(command, check=False).returncode:  # noqa: S603
        pytest.skip("Only root can make a small disk.")

    def fill(left=0):
        with (tmp_path / "filler").open("ab", buffering=0) as filler:
            with contextlib.suppress(OSError):
                while True:
                    filler.write(bytes(4096))
            filler.truncate(filler.tell() - left)

    yield tmp_path, fill
    while tmp_path.is_mount():
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)  # noqa: S603, S607


@pytest.mark.parametrize(
    ("place", "name", "left"),
    [
        pytest.param(work, "write_array", 0, id="during the training"),
        pytest.param(Run, "save", 16_384, id="for its samples", marks=pytest.mark.heavy),
        pytest.param(runs, "_check_room", 50_000, id="for its weights", marks=pytest.mark.heavy),
    ],
)
def test_a_disk_that_fills_up_ends_the_training_with_the_reason_and_the_queue_goes_on(
    small_disk, monkeypatch, place, name, left
):
    folder, fill = small_disk
    executor = ByHand()
    queue = JobQueue(folder, executor)
    full, waiting = (queue.submit(request(), images()) for _ in range(2))
    write = getattr(place, name)

    def write_on_a_full_disk(*arguments):
        fill(left)
        return write(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(place, name, write_on_a_full_disk)
        future, run_job, arguments = executor.calls.pop(0)
        future.set_running_or_notify_cancel()
        future.set_result(run_job(*arguments))
    status = queue.status(full)
    assert (status.state, status.reason) == (FAILED, EndReason.DISK_FULL)
    assert "Received: a full disk" in status.message
    assert queue.status(waiting).state == QUEUED
    fill()
    with pytest.raises(JobError, match="Received: a full disk"):
        queue.submit(request(), images())
    assert len(queue.jobs()) == 2
    # A restart on the full disk: both have ended, and nothing raises.
    queue.close()
    queue = JobQueue(folder, ByHand())
    assert [job.state for job in queue.jobs()] == [FAILED, FAILED]
    # With room again, what was only remembered is written.
    (folder / "filler").unlink()
    assert queue.status(waiting).reason == EndReason.SERVER_GONE
    assert JobStatus.read(folder / waiting).reason == EndReason.SERVER_GONE


def test_a_disk_that_becomes_read_only_is_a_sentence_for_whoever_writes(small_disk):
    folder, _ = small_disk
    executor = ByHand()
    queue = JobQueue(folder, executor)
    stopped, running = (queue.submit(request(), images()) for _ in range(2))
    queue.stop(stopped)
    future, run_job, arguments = executor.calls[1]
    future.set_running_or_notify_cancel()
    for options in (["--bind", str(folder)], ["-o", "remount,bind,ro"]):
        subprocess.run(["mount", *options, str(folder)], check=True)  # noqa: S603, S607
    for act in (
        lambda: queue.submit(request(), images()),
        lambda: queue.stop(running),
        lambda: queue.resume(stopped),
        lambda: queue.rename(stopped, "x"),
        lambda: queue.delete(stopped),
        lambda: JobQueue(folder, ByHand()),
    ):
        with pytest.raises(JobError, match=r"one that it cannot \(Read-only file system\)"):
            act()
    future.set_result(run_job(*arguments))
    status = queue.status(running)
    assert (status.state, status.reason) == (FAILED, EndReason.ERROR)
    assert "Read-only file system" in status.message
    assert len(queue.jobs()) == 2


def test_a_folder_of_jobs_that_vanishes_is_named_and_takes_nothing_down(tmp_path):
    queue = JobQueue(tmp_path / "runs", ByHand())
    shutil.rmtree(tmp_path / "runs")
    assert queue.jobs() == []
    (problem,) = queue.damaged().values()
    assert "No such file or directory" in problem
    assert str(tmp_path) not in problem
    with pytest.raises(JobError, match="No such file or directory"):
        queue.submit(request(), images())
    queue.expire()


def _has_tensorflow():
    """Whether the process that runs this has TensorFlow loaded."""
    return "tensorflow" in sys.modules
