"""A folder of jobs has one server, a job's folder one worker; whoever lost it writes nothing."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import cae_core
from cae_core.errors import JobError
from cae_core.jobs.storage import Lease, LeaseLostError, claim, reason_of, storage_error

ROOT = Path(cae_core.__file__).parents[1]


def test_a_folder_has_one_server_until_it_gives_it_free(tmp_path):
    first = claim(tmp_path / "runs")
    with pytest.raises(JobError, match="Received: one that another running app uses"):
        claim(tmp_path / "runs")
    os.close(first)
    os.close(claim(tmp_path / "runs"))


def test_a_killed_server_gives_its_folder_free(tmp_path):
    script = (
        "import sys, threading; from pathlib import Path; from cae_core.jobs.storage import claim;"
        "claim(Path(sys.argv[1])); print('claimed', flush=True); threading.Event().wait()"
    )
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-c", script, tmp_path], cwd=ROOT, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout.readline() == b"claimed\n"
        with pytest.raises(JobError, match="another running app"):
            claim(tmp_path)
        server.kill()
        server.wait()
    assert server.returncode == -signal.SIGKILL
    os.close(claim(tmp_path))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("file/runs", "Not a directory"),
        ("file", "File exists"),
        ("x" * 300, "File name too long"),
        ("a\0b", "ValueError"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_without_its_path(tmp_path, name, why):
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="is kept in a folder that the server can") as error:
        claim(tmp_path / name)
    assert f"Received: one that it cannot ({why})" in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_a_systems_error_is_in_the_systems_words_whatever_a_library_wrote_into_it():
    file = f"Unable to create file (name = '{ROOT}/x.h5')"  # as HDF5 does
    assert reason_of(OSError(errno.EACCES, file)) == "Permission denied"
    assert str(ROOT) not in str(storage_error(OSError(errno.EACCES, file)))
    assert reason_of(OSError(-2, "Name or service not known")) == "Name or service not known"
    assert reason_of(ValueError("x")) == ""


def test_a_lease_is_lost_once_another_is_granted_or_it_is_revoked_or_the_job_deleted(tmp_path):
    first = Lease.grant(tmp_path)
    with first.held():
        pass
    second = Lease.grant(tmp_path)
    with pytest.raises(LeaseLostError), first.held():
        pass
    with second.held():
        pass
    Lease.revoke(tmp_path)
    with pytest.raises(LeaseLostError), second.held():
        pass
    third = Lease.grant(tmp_path)
    shutil.rmtree(tmp_path)
    with pytest.raises(LeaseLostError), third.held():
        pass


def test_a_lease_is_not_given_away_in_the_middle_of_a_write(tmp_path):
    lease = Lease.grant(tmp_path)
    taking = threading.Thread(target=Lease.revoke, args=(tmp_path,))
    with lease.held():
        taking.start()
        taking.join(0.2)
        assert taking.is_alive()
        assert (tmp_path / "lease").read_text() == lease.token
    taking.join()
    assert (tmp_path / "lease").read_text() == ""
