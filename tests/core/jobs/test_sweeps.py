"""A sweep as a job: its trainings take turns, it stops, goes on, and respects limits."""

import contextlib
import csv
import dataclasses
import errno
import json
import os
import queue as threads
import threading
from concurrent.futures import Executor, Future

import pytest

from cae_core import files
from cae_core.errors import CAEError, JobError
from cae_core.jobs import job
from cae_core.jobs.cluster import Pool
from cae_core.jobs.job import (
    FAILED,
    FINISHED,
    REQUEST,
    RUNNING,
    STOPPED,
    SWEEP,
    EndReason,
    JobRequest,
)
from cae_core.jobs.limits import Limits
from cae_core.jobs.queue import JobQueue
from cae_core.jobs.sweeps import FAILURES, TABLE, Sweep
from cae_core.studies import sweep
from cae_core.studies.plan import Plan
from cae_core.studies.sweep import read_table

PLAN = Plan({"channels": (2, 3, 4), "seed": (0, 1)}, epochs=1, images=64)
DEADLINE = 900  # seconds; only a test that fails takes so long


class Trainer(Executor):
    """Keeps the calls in a queue; a test ends them one after another."""

    def __init__(self):
        self.calls = threads.SimpleQueue()

    def submit(self, fn, /, *args):
        future = Future()
        *call, self.minutes = args
        self.calls.put((future, *call))
        return future

    def next(self):
        """The oldest call: its future, its settings, the path of the file that stops it."""
        return self.calls.get(timeout=DEADLINE)

    def train(self, count=1, end=None):
        """Ends calls with a result each, or in another way."""
        for _ in range(count):
            future, settings, _ = self.next()
            result = settings | {"latent_size": 8, "mse": 0.5}
            future.set_result(end or {"result": result, "samples": ""})


def ended(queue, job_id):
    """The status of a sweep, once it has ended."""
    pause = threading.Event()
    for _ in range(DEADLINE * 20):
        if (status := queue.status(job_id)).has_ended:
            return status
        pause.wait(0.05)
    pytest.fail("the sweep did not end")


@pytest.fixture
def trainer():
    return Trainer()


@pytest.fixture
def queue(tmp_path, trainer):
    return JobQueue(tmp_path, trainer)


def test_a_sweep_is_trained_one_after_another_and_leaves_its_table_and_images(queue, trainer):
    job_id = queue.submit(JobRequest.of_sweep(PLAN, "me"))
    first = trainer.next()
    assert trainer.calls.empty()  # so that others have their turns
    status = queue.status(job_id)
    assert (status.state, status.message) == (RUNNING, "0 of 6 trainings done.")
    assert status.belongs_to("me")
    first[0].set_result({"result": first[1] | {"latent_size": 8, "mse": 0.5}, "samples": ""})
    trainer.train(5)
    status = ended(queue, job_id)
    assert (status.state, status.reason, status.can_resume) == (
        FINISHED,
        EndReason.COMPLETED,
        False,
    )
    sweep = Sweep.read(status)
    assert (len(sweep.planned), len(sweep.results), sweep.missing) == (6, 6, [])
    assert sweep.sample_images(sweep.planned[0].trial) == b""
    assert [job.id for job in queue.jobs_for("me", shared=False, kind=SWEEP)] == [job_id]
    assert queue.jobs_for("you", shared=False, kind=SWEEP) == queue.jobs() == []
    queue.delete(job_id)
    assert queue.jobs(SWEEP) == []


def test_a_stopped_sweep_goes_on_with_what_is_missing(queue, trainer):
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    trainer.train(2)
    future, _, stop = trainer.next()
    queue.stop(job_id)
    # The file that the running training looks for; it ends without a result.
    assert stop == str((queue.folder / job_id / "stop").absolute())
    if future.set_running_or_notify_cancel():
        future.set_result({})
    status = ended(queue, job_id)
    assert (status.state, status.reason, status.can_resume) == (STOPPED, EndReason.PERSON, True)
    assert len(Sweep.read(status).missing) == 4
    queue.resume(job_id)
    trainer.train(4)
    assert ended(queue, job_id).state == FINISHED
    assert len(read_table(queue.folder / job_id / TABLE)) == 6


def test_failed_trainings_are_marked_and_tried_again(queue, trainer):
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    trainer.train(1, {"failed": "The loss is no number. Received: NaN. Use another rate."})
    trainer.train(5)
    status = ended(queue, job_id)
    assert (status.state, status.can_resume) == (FAILED, True)
    assert status.message.startswith("1 of 6 trainings failed")
    sweep = Sweep.read(status)
    assert sweep.failures == {
        sweep.missing[0].id: "The loss is no number. Received: NaN. Use another rate."
    }
    queue.resume(job_id)
    trainer.train()
    status = ended(queue, job_id)
    assert status.state == FINISHED
    assert Sweep.read(status).failures == {}


def test_after_a_restart_a_sweep_can_go_on(queue, trainer, tmp_path):
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    trainer.train(2)
    old, _, _ = trainer.next()
    queue.close()
    later = Trainer()
    again = JobQueue(tmp_path, later)
    status = again.status(job_id)
    assert (status.state, status.reason) == (FAILED, EndReason.SERVER_GONE)
    # What the server before had begun tells nothing any more.
    old.set_result({"failed": "No."})
    assert queue._futures[job_id].result(timeout=DEADLINE) is None
    assert again.status(job_id) == status
    again.resume(job_id)
    later.train(4)
    assert ended(again, job_id).state == FINISHED


def test_a_visitor_has_one_sweep_at_a_time_and_a_server_a_few(tmp_path, trainer):
    queue = JobQueue(tmp_path, trainer, Limits(sweeps=2))
    mine = queue.submit(JobRequest.of_sweep(PLAN, "me"))
    with pytest.raises(JobError, match="One sweep of a visitor"):
        queue.submit(JobRequest.of_sweep(PLAN, "me"))
    other = queue.submit(JobRequest.of_sweep(PLAN, "you"))
    with pytest.raises(JobError, match="At most 2 sweeps"):
        queue.submit(JobRequest.of_sweep(PLAN, "they"))
    # No sweep stands before a training in the queue, and none takes a place of those that wait.
    request = dataclasses.replace(JobRequest.of_sweep(PLAN, "me"), kind="training", plan=None)
    assert queue.status(queue.submit(request)).position == 0
    for job_id in (mine, other):
        queue.stop(job_id)
        ended(queue, job_id)
    queue.submit(JobRequest.of_sweep(PLAN, "me"))


@pytest.mark.parametrize(
    ("limits", "seconds", "reason"),
    [
        (Limits(sweep_hours=1), 3_601, "at most 1 hours"),
        (Limits(minutes=5), 6 * 301, "at most 5 minutes"),
        (Limits(parameters=100), None, "at most 100 parameters"),
    ],
)
def test_a_sweep_over_the_limits_is_refused(tmp_path, trainer, limits, seconds, reason):
    queue = JobQueue(tmp_path, trainer, limits)
    with pytest.raises(JobError, match=reason):
        queue.submit(JobRequest.of_sweep(PLAN), seconds=seconds)
    assert queue.jobs(SWEEP) == []


def test_a_sweep_with_one_training_over_the_limit_is_refused_whatever_their_mean(queue):
    with pytest.raises(JobError, match="Received: one of about 31 minutes"):
        queue.submit(JobRequest.of_sweep(PLAN), seconds=2_000, longest=31 * 60)


def test_a_training_of_a_sweep_has_the_time_of_any_training(tmp_path, trainer):
    queue = JobQueue(tmp_path, trainer, Limits(minutes=7))
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    trainer.train(6)
    ended(queue, job_id)
    assert trainer.minutes == 7


@pytest.mark.parametrize(
    "plan",
    [
        Plan({"latent": (100,)}),
        Plan({"channels": (2,)}, dataset="holiday"),
    ],
)
def test_a_plan_without_a_network_or_with_a_folder_is_refused(plan):
    with pytest.raises(CAEError, match="Received: "):
        JobRequest.of_sweep(plan)


def test_a_request_is_the_same_after_it_was_written(queue):
    request = JobRequest.of_sweep(PLAN, "me")
    assert JobRequest.from_json(request.to_json()) == request
    plain = json.loads(request.to_json())
    for damage in (
        {"plan": None},
        {"kind": "training"},
        {"plan": plain["plan"] | {"order": "x"}},
        {"plan": plain["plan"] | {"factors": {"code": [64]}}},  # the name of `latent` before
    ):
        with pytest.raises(CAEError):
            JobRequest.from_json(json.dumps(plain | damage))


@pytest.mark.parametrize("file", [TABLE, FAILURES])
def test_a_damaged_file_is_a_sentence(queue, trainer, file):
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    trainer.train(6)
    status = ended(queue, job_id)
    (status.folder / file).write_text("half")
    with pytest.raises(JobError, match=f"Received: .*{file}") as error:
        Sweep.read(status)
    assert job_id not in str(error.value)


@pytest.mark.parametrize(
    ("number", "reason", "said"),
    [
        (errno.ENOSPC, EndReason.DISK_FULL, "Received: a full disk."),
        (errno.EROFS, EndReason.ERROR, "(Read-only file system)"),
    ],
)
@pytest.mark.parametrize("place", [".csv", ".png", ".json"])
def test_a_sweep_that_cannot_write_ends_with_the_reason_and_names_no_file(
    queue, trainer, monkeypatch, tmp_path, number, reason, said, place
):
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    trainer.train(1)
    future, settings, _ = trainer.next()
    write = files.replacing

    @contextlib.contextmanager
    def fail(path):
        if path.suffix == place:
            raise OSError(number, os.strerror(number), str(path))
        with write(path) as partial:
            yield partial

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with monkeypatch.context() as patch:
        for module in (sweep, job, files):
            patch.setattr(module, "replacing", fail)
        future.set_result({"result": settings | {"mse": 0.5}, "samples": ""})
        assert queue._futures[job_id].result(timeout=DEADLINE)["reason"] == reason
        status = ended(queue, job_id)
    assert (status.state, status.reason, status.can_resume) == (FAILED, reason, True)
    assert said in status.message
    assert job_id not in status.message
    assert str(tmp_path) not in status.message


def test_a_sweep_whose_table_is_another_file_meanwhile_says_so(queue, trainer):
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    future, settings, _ = trainer.next()
    (queue.folder / job_id / TABLE).write_text("half")
    future.set_result({"result": settings | {"mse": 0.5}, "samples": ""})
    status = ended(queue, job_id)
    assert (status.state, status.reason) == (FAILED, EndReason.ERROR)
    assert f"Received: {TABLE} (" in status.message
    assert job_id not in status.message


@pytest.mark.parametrize(
    ("column", "value"),
    [("latent_size", "0"), ("latent_size", "-1"), ("mse", "-0.1"), ("mse", "1e308")],
)
def test_a_result_that_no_training_has_is_a_sentence(queue, trainer, column, value):
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    trainer.train(6)
    status = ended(queue, job_id)
    path = status.folder / TABLE
    head, *lines = csv.reader(path.read_text().splitlines())
    lines[0][head.index(column)] = value
    path.write_text("".join(",".join(line) + "\n" for line in (head, *lines)))
    with pytest.raises(JobError, match=f"Received: {TABLE} .* as '{column}'") as error:
        Sweep.read(status)
    assert str(status.folder) not in str(error.value)


def test_a_plan_on_images_that_are_not_there_is_a_sentence(queue, trainer):
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    trainer.train(6)
    path = ended(queue, job_id).folder / REQUEST
    request = json.loads(path.read_text())
    request["plan"]["dataset"] = "x"
    path.write_text(json.dumps(request))
    with pytest.raises(JobError, match=r"Received: .*'x'"):
        Sweep.read(queue.status(job_id))


def test_sample_images_that_are_a_folder_are_none(tmp_path):
    trial = PLAN.trials((32, 32, 3))[0][0].trial
    (tmp_path / f"{trial.id}.png").mkdir()
    assert Sweep([], samples=tmp_path).sample_images(trial) is None


def test_a_pool_of_several_workers_gets_as_many_at_once(tmp_path, trainer):
    pool = Pool(trainer, lambda: 3, lambda: 2, lambda: True)
    queue = JobQueue(tmp_path, trainer, pool=lambda: pool)
    job_id = queue.submit(JobRequest.of_sweep(PLAN))
    waiting = [trainer.next() for _ in range(3)]
    assert trainer.calls.empty()
    for future, settings, _ in waiting:
        future.set_result({"result": settings | {"latent_size": 8, "mse": 0.5}, "samples": ""})
    trainer.train(3)
    assert ended(queue, job_id).state == FINISHED


def test_a_sweep_is_refused_where_its_cluster_does_not_answer(tmp_path, trainer):
    def silent():
        raise JobError("Nobody answers. Received: silence. Start it.")

    queue = JobQueue(tmp_path, trainer, pool=silent)
    with pytest.raises(JobError, match="silence"):
        queue.submit(JobRequest.of_sweep(PLAN))
    assert queue.jobs(SWEEP) == []
