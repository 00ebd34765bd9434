"""Long work of a session in a thread of its own: it goes on while the page runs anew.

A visitor's works wait for one another, in all his tabs. Work ends with its result or an error, when
it is cancelled, and some time after its visitor has left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

import streamlit as st
from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cae_core.errors import CAEError, PlaceError, StoppedError
from cae_core.formats import format_duration
from cae_core.jobs.storage import is_disk_full
from cae_core.long_work import stop_if
from cae_ui.common.resources import image_memory
from cae_ui.common.visitor import visitor

KEPT_SECONDS = 120
"""How long work goes on without its visitor, who may come back: as long as Streamlit keeps him."""
REFRESH_SECONDS = 1.0
_ASKED_AGAIN = 0.3  # seconds between two looks whether work that waits is still wanted

Result = TypeVar("Result")


class BackgroundWork(Generic[Result]):
    """Work in a thread of its own, begun by a run of a page.

    Args:
        work: Function that makes the result. It is given this object, to which it reports again
            and again, and calls nothing of Streamlit, which serves only runs of a page.

    Attributes:
        share: How much is done, from 0 to 1.
        text: What is shown over the bar of progress.

    Raises:
        ImageError: The host has set the memory for images wrongly.
    """

    def __init__(self, work: Callable[[BackgroundWork[Result]], Result]) -> None:
        self.share, self.text = 0.0, "The network works …"
        self._memory = image_memory()
        self._turn = _turns().setdefault(visitor(), threading.Lock())
        self._runtime = get_instance() if exists() else None
        context = get_script_run_ctx()
        self._session = "" if context is None else context.session_id
        self._last_seen = self._began = time.monotonic()
        self._is_cancelled = threading.Event()
        self._outcome: Future[Result] = Future()
        self.thread = threading.Thread(target=self._run, args=(work,), name="cae-work")
        self.thread.start()

    @property
    def is_running(self) -> bool:
        """Whether there is neither a result nor an error, and one is still wanted."""
        return not self._outcome.done() and not self._is_cancelled.is_set()

    @property
    def result(self) -> Result | None:
        """The result; None where there is none, or not yet."""
        has_result = self._outcome.done() and self._outcome.exception() is None
        return self._outcome.result() if has_result and not self._is_cancelled.is_set() else None

    @property
    def error(self) -> CAEError | None:
        """Why there will be no result, unless the work was not wanted any more.

        An error that no user can cause is raised.
        """
        error = self._outcome.exception() if self._outcome.done() else None
        if error is None or isinstance(error, StoppedError):
            return None
        if isinstance(error, CAEError):
            return error
        raise error

    def cancel(self) -> None:
        """Ends the work at its next report."""
        self._is_cancelled.set()

    def report(self, share: float, text: str | None = None) -> None:
        """Notes how far the work is; called in its thread.

        Args:
            share: How much is done, from 0 to 1.
            text: What is said about it; by default the time that is left.

        Raises:
            StoppedError: The work is not wanted any more.
        """
        stop_if(self._is_unwanted, "The work", "a part of it")
        if text is None:
            left = (time.monotonic() - self._began) * (1 / max(share, 1e-3) - 1)
            text = f"About {format_duration(round(left))} left"
        self.share, self.text = min(share, 1.0), text

    @contextmanager
    def admitted(self, size: int) -> Iterator[None]:
        """Holds memory for images, once there is enough; called in the work's thread.

        Raises:
            ImageError: This server never has as much.
            StoppedError: The work is not wanted any more.
        """

        def wait() -> None:
            self.report(
                self.share, "Other images are worked on. This waits until there is memory for it."
            )

        with self._memory.reserve(size, is_long=True, on_wait=wait):
            yield

    def _run(self, work: Callable[[BackgroundWork[Result]], Result]) -> None:
        """Does the work when it is the visitor's turn for it."""
        try:
            while not self._turn.acquire(timeout=_ASKED_AGAIN):
                self.report(0.0, "Your other work ends first …")
            try:
                self._began = time.monotonic()
                self._outcome.set_result(work(self))
            finally:
                self._turn.release()
        except CAEError as error:
            # A new one, because a raised one holds what its functions held: images.
            self._outcome.set_exception(type(error)(*error.args))
        except OSError as error:
            self._outcome.set_exception(_no_place(error))
        except Exception as error:  # noqa: BLE001 - a bug, which `error` raises on the page
            self._outcome.set_exception(error)

    def _is_unwanted(self) -> bool:
        """Whether the work was cancelled, its visitor has left, or the server ends."""
        now = time.monotonic()
        if self._runtime is None or self._runtime.is_active_session(self._session):
            self._last_seen = now
        has_left = now - self._last_seen > KEPT_SECONDS
        is_ending = not threading.main_thread().is_alive()
        return self._is_cancelled.is_set() or has_left or is_ending


def _no_place(error: OSError) -> PlaceError:
    """The sentence for a result that the server's disk does not take."""
    why = "a full disk" if is_disk_full(error) else f"a disk that failed ({error.strerror})"
    return PlaceError(
        f"A result needs room on the server's disk. Received: {why}. "
        "Try again later, or with fewer and smaller photos."
    )


@st.cache_resource(show_spinner=False)
def _turns() -> WeakValueDictionary[str, threading.Lock]:
    """A lock for every visitor who has work."""
    return WeakValueDictionary()


def show_background_work(
    work: BackgroundWork[Any], key: str, show_more: Callable[[], object] | None = None
) -> None:
    """A bar of progress beside a button that cancels; when the work has ended the page runs anew.

    Args:
        work: The work.
        key: Name of the button, unique on the page.
        show_more: Shows more of it below, every time anew.
    """

    def show() -> None:
        if not work.is_running:
            st.rerun(scope="app")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(work.share, work.text)
            st.button("Cancel", icon=":material/stop_circle:", key=key, on_click=work.cancel)
        if show_more is not None:
            show_more()

    st.fragment(show, run_every=REFRESH_SECONDS)()
