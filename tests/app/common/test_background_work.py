"""Long work in a thread of its own: its turn, its end, its errors."""

import errno
import os
import threading
from types import SimpleNamespace

import pytest

from cae_core.errors import ImageError
from cae_ui.common import background_work
from cae_ui.common.background_work import BackgroundWork

PATIENCE = 120  # seconds, for a state that comes in less than one


@pytest.fixture(autouse=True)
def one_visitor(monkeypatch):
    monkeypatch.setattr(background_work, "visitor", lambda: "somebody")


def ended(work):
    """Work after its thread has ended."""
    work.thread.join(PATIENCE)
    assert not work.thread.is_alive()
    return work


def report_until_stopped(work):
    while True:
        work.report(0.5)


def test_a_visitors_works_wait_for_one_another():
    release, said = threading.Event(), threading.Event()

    class Noting(BackgroundWork):
        def report(self, share, text=None):
            super().report(share, text)
            if "other work" in (text or ""):
                said.set()

    first = BackgroundWork(lambda _: release.wait(PATIENCE))
    second = Noting(lambda _: release.is_set())
    assert said.wait(PATIENCE)
    assert first.is_running and second.is_running and second.result is None
    release.set()
    assert ended(first).result is True
    assert ended(second).result is True


def test_cancelled_work_ends_without_result_and_error():
    work = BackgroundWork(report_until_stopped)
    assert work.is_running
    work.cancel()
    assert not work.is_running
    assert ended(work).result is work.error is None


@pytest.mark.parametrize("is_there", [True, False])
def test_work_ends_when_its_visitor_has_left(monkeypatch, is_there):
    runtime = SimpleNamespace(is_active_session=lambda _: is_there)
    monkeypatch.setattr(background_work, "exists", lambda: True)
    monkeypatch.setattr(background_work, "get_instance", lambda: runtime)
    monkeypatch.setattr(background_work, "KEPT_SECONDS", -1 if not is_there else 0)

    def report(work):
        for _ in range(3):
            work.report(0.5)
        return "done"

    work = ended(BackgroundWork(report))
    assert work.result == ("done" if is_there else None)
    assert work.error is None


def test_an_error_of_a_user_is_kept_and_a_bug_comes_up():
    def fail(error):
        raise error

    refused = ended(BackgroundWork(lambda _: fail(ImageError("Received: a word."))))
    assert str(refused.error) == "Received: a word."
    broken = ended(BackgroundWork(lambda _: fail(ZeroDivisionError())))
    with pytest.raises(ZeroDivisionError):
        _ = broken.error


@pytest.mark.parametrize(
    ("number", "reason"), [(errno.ENOSPC, "a full disk"), (errno.EIO, "a disk that failed")]
)
def test_a_disk_that_does_not_take_the_result_is_a_sentence_without_a_path(number, reason):
    def fail(_):
        raise OSError(number, os.strerror(number), "/secret/result.zip")

    work = ended(BackgroundWork(fail))
    assert f"Received: {reason}" in str(work.error)
    assert "secret" not in str(work.error)
    assert work.result is None


def test_work_waits_for_memory_until_it_is_cancelled():
    waits = threading.Event()

    class Noting(BackgroundWork):
        def report(self, share, text=None):
            super().report(share, text)
            waits.set()

    def hold(work):
        with work.admitted(work._memory.limit // 2):
            return "held"

    with background_work.image_memory().reserve(background_work.image_memory().limit * 3 // 4):
        work = Noting(hold)
        assert waits.wait(PATIENCE)
        assert "memory" in work.text
        work.cancel()
        ended(work)
    assert ended(BackgroundWork(hold)).result == "held"
