"""The budget of memory: who gets in, who waits, who is refused."""

import threading

import pytest

from cae_core.errors import ImageError
from cae_core.images.memory import MEGABYTE, MemoryBudget

PATIENCE = 60


class Work:
    """Work in a thread of its own that holds memory until it is told to end."""

    def __init__(self, budget, megabytes, **options):
        self.waits, self.begun, self.end = threading.Event(), threading.Event(), threading.Event()
        self._arguments = (budget, megabytes * MEGABYTE, options)
        self._thread = threading.Thread(target=self._do, daemon=True)
        self._thread.start()

    def _do(self):
        budget, size, options = self._arguments
        with budget.reserve(size, on_wait=self.waits.set, **options):
            self.begun.set()
            self.end.wait(PATIENCE)

    def finish(self):
        self.end.set()
        self._thread.join(PATIENCE)


def test_work_waits_until_there_is_memory_and_in_the_order_in_which_it_came():
    budget = MemoryBudget(100 * MEGABYTE)
    first = Work(budget, 80)
    assert first.begun.wait(PATIENCE)
    large = Work(budget, 90)
    assert large.waits.wait(PATIENCE)
    small = Work(budget, 10)  # there is room for it, but it came later
    assert small.waits.wait(PATIENCE)
    assert not large.begun.is_set()
    first.finish()
    assert large.begun.wait(PATIENCE)
    assert small.begun.wait(PATIENCE)
    large.finish()
    small.finish()
    assert budget.used == 0


def test_short_work_does_not_wait_behind_long_work():
    budget = MemoryBudget(120 * MEGABYTE)
    first = Work(budget, 90, is_long=True)
    assert first.begun.wait(PATIENCE)
    second = Work(budget, 90, is_long=True)
    assert second.waits.wait(PATIENCE)
    short = Work(budget, 25)
    assert short.begun.wait(PATIENCE)
    for work in (short, first, second):
        work.finish()
    assert budget.used == 0


def test_what_never_fits_is_refused_and_what_raises_while_it_waits_is_forgotten():
    budget = MemoryBudget(120 * MEGABYTE)
    for megabytes, options in ((121, {}), (101, {"is_long": True})):
        with (
            pytest.raises(ImageError, match=rf"Received: an image that takes {megabytes} MB"),
            budget.reserve(megabytes * MEGABYTE, **options),
        ):
            pass

    class LeftError(Exception):
        pass

    def leave():
        raise LeftError

    with budget.reserve(100 * MEGABYTE):
        with pytest.raises(LeftError), budget.reserve(100 * MEGABYTE, on_wait=leave):
            pass
        with budget.reserve(20 * MEGABYTE):  # nobody stands before it
            assert budget.used == 120 * MEGABYTE
    assert budget.used == 0
