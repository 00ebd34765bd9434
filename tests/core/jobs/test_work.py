"""A worker's writes: what it was about to write when another got its job is not written."""

import numpy as np
import pytest

from cae_core.jobs.job import CHECKPOINT
from cae_core.jobs.queue import JobQueue
from cae_core.jobs.storage import Lease
from cae_core.jobs.work import run_job
from tests.core.jobs.test_queue import ByHand, images, request


@pytest.mark.parametrize("had_one", [False, True], ids=["first", "second"])
def test_a_checkpoint_does_not_take_its_place_once_another_worker_has_the_job(
    tmp_path, monkeypatch, had_one
):
    executor = ByHand()
    job_id = JobQueue(tmp_path, executor).submit(request(epochs=3), images())
    checkpoint = tmp_path / job_id / CHECKPOINT
    save, kept = np.savez, []

    def save_while_another_takes_over(file, **arrays):
        save(file, **arrays)
        if checkpoint.exists() == had_one:
            kept.append(checkpoint.read_bytes() if had_one else None)
            Lease.grant(checkpoint.parent)

    monkeypatch.setattr(np, "savez", save_while_another_takes_over)
    (_, function, arguments) = executor.calls[0]
    assert function is run_job
    assert run_job(*arguments) is None
    assert len(kept) == 1
    assert (checkpoint.read_bytes() if checkpoint.exists() else None) == kept[0]
    assert not list(checkpoint.parent.glob(".*"))
