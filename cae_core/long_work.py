"""Long work: how it tells its progress and asks whether to stop."""

from __future__ import annotations

from collections.abc import Callable

from cae_core.errors import StoppedError

OnProgress = Callable[[int, int], object]
"""Called with the parts that are done and their number: bytes, files, tiles."""

ShouldStop = Callable[[], bool]
"""Asked again and again; True stops the work."""


def stop_if(should_stop: ShouldStop | None, what: str, after: str) -> None:
    """Ends work that is to stop.

    Args:
        should_stop: None never stops it.
        what: The work, for the message.
        after: The part of it that is done, for the message.

    Raises:
        StoppedError: `should_stop()` said so.

    Example:
        >>> stop_if(lambda: True, "The download of mnist", "0 bytes")
        Traceback (most recent call last):
        cae_core.errors.StoppedError: The download of mnist was stopped. Received: a request to \
stop after 0 bytes. Start again whenever you like.
    """
    if should_stop is not None and should_stop():
        raise StoppedError(
            f"{what} was stopped. Received: a request to stop after {after}. "
            "Start again whenever you like."
        )
