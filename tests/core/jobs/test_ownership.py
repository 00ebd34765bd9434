"""Whose a job is: told by two files, so that its owner can delete it whichever is damaged."""

import shutil

import pytest

from cae_core.jobs.job import OWNER, RATE_TEST, REQUEST, SWEEP, TRAINING
from cae_core.jobs.queue import JobQueue
from tests.core.jobs.test_queue import ByHand, asked_by, images
from tests.damages import damages, put


@pytest.mark.parametrize("file", [REQUEST, OWNER])
def test_whatever_is_damaged_its_owner_sees_a_job_and_can_delete_it_and_no_other(tmp_path, file):
    queue = JobQueue(tmp_path, ByHand())

    def seen_by(visitor):
        kinds = (TRAINING, RATE_TEST, SWEEP)
        own = {status.id for kind in kinds for status in queue.jobs_of(visitor, kind)}
        return own | set(queue.damaged(visitor, shared=False))

    whole = tmp_path / queue.submit(asked_by("ada"), images())
    queue.stop(whole.name)
    found = damages(whole / file)
    for number, damage in enumerate(found):
        job_id = f"{whole.name[:-6]}{number:06x}"
        shutil.copytree(whole, tmp_path / job_id)
        put(tmp_path / job_id / file, found[damage])
        assert seen_by("ada") == {whole.name, job_id}, damage
        assert not seen_by("bob"), damage
        assert not seen_by(""), damage
        queue.delete(job_id)
    assert seen_by("ada") == {whole.name}


def test_a_job_from_before_its_owner_had_a_file_gets_one_when_the_server_starts(tmp_path):
    first = JobQueue(tmp_path, ByHand())
    folder = tmp_path / first.submit(asked_by("ada"), images())
    (folder / OWNER).unlink()
    first.close()
    queue = JobQueue(tmp_path, ByHand())
    (folder / REQUEST).write_text("{")
    assert list(queue.damaged("ada", shared=False)) == [folder.name]
    assert queue.damaged("bob") == {}
