"""Memory for work on images, given out before it is used.

A server decodes strangers' images. Each fits into memory; many at once do not.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cae_core.errors import ImageError

MEGABYTE = 1_000_000
# Share of a budget that long work leaves for short work, which must not wait for minutes.
_ROOM_FOR_SHORT_WORK = 1 / 6
_ASKED_AGAIN = 0.3  # seconds between two calls of on_wait


class MemoryBudget:
    """Bytes that may be in use for images at once, by all threads of a process.

    Work begins in the order in which it was announced; short work does not wait for long work
    that waits.

    Args:
        limit: The budget in bytes.

    Example:
        >>> budget = MemoryBudget(100 * MEGABYTE)
        >>> with budget.reserve(60 * MEGABYTE):
        ...     budget.used // MEGABYTE
        60
        >>> budget.used
        0
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._changed = threading.Condition()
        self._used_by_long_work = 0
        # Those who wait, in order, by whether their work is long.
        self._waiting: dict[bool, list[object]] = {False: [], True: []}

    @contextmanager
    def reserve(
        self, size: int, *, is_long: bool = False, on_wait: Callable[[], object] | None = None
    ) -> Iterator[None]:
        """Holds memory for a block; waits until there is enough.

        Args:
            size: Bytes that the block uses at most.
            is_long: For work of many seconds, which leaves room for short work.
            on_wait: Called again and again while others use the memory. What it raises ends the
                waiting.

        Raises:
            ImageError: The budget is smaller than that.
        """
        limit = int(self.limit * (1 - _ROOM_FOR_SHORT_WORK)) if is_long else self.limit
        if size > limit:
            raise ImageError(
                f"Work on an image may take {limit // MEGABYTE:,} MB of memory here. "
                f"Received: an image that takes {size // MEGABYTE:,} MB. Shrink it first."
            )
        line, ticket = self._waiting[is_long], object()
        with self._changed:
            line.append(ticket)
        try:
            while not self._is_admitted(ticket, size, limit, is_long=is_long):
                if on_wait is not None:
                    on_wait()
                with self._changed:
                    self._changed.wait(_ASKED_AGAIN)
        except BaseException:
            with self._changed:
                line.remove(ticket)
                self._changed.notify_all()
            raise
        try:
            yield
        finally:
            self._release(size, is_long=is_long)

    def _is_admitted(self, ticket: object, size: int, limit: int, *, is_long: bool) -> bool:
        """Takes the memory, if it is the ticket's turn and there is enough."""
        with self._changed:
            of_limit = self._used_by_long_work if is_long else self.used
            is_enough = max(self.used - self.limit, of_limit - limit) + size <= 0
            if self._waiting[is_long][0] is not ticket or not is_enough:
                return False
            self._waiting[is_long].remove(ticket)
            self._take(size, is_long=is_long)
            self._changed.notify_all()  # the next in line may fit as well
            return True

    def _release(self, size: int, *, is_long: bool) -> None:
        """Gives memory back."""
        with self._changed:
            self._take(-size, is_long=is_long)
            self._changed.notify_all()

    def _take(self, size: int, *, is_long: bool) -> None:
        """Counts memory as used."""
        self.used += size
        self._used_by_long_work += size if is_long else 0
