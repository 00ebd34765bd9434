"""The download of a data set: offered, its progress, its Cancel button; no page waits for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import streamlit as st

from cae_core.data.downloads import download
from cae_core.data.registry import DATASETS
from cae_core.errors import DatasetError, StoppedError
from cae_core.formats import format_bytes
from cae_ui.common.wording import show_error


@dataclass
class _Download:
    """A download in a thread of its own; sessions read its fields."""

    name: str
    done: int = 0
    total: int = 0
    error: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._fetch, daemon=True)
        self.thread.start()

    def _fetch(self) -> None:
        try:
            download(self.name, on_progress=self._note, should_stop=self.cancel.is_set)
        except StoppedError:
            pass
        except DatasetError as error:
            self.error = str(error)

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total


@st.cache_resource(show_spinner=False)
def downloads() -> dict[str, _Download]:
    """The downloads of this server by data set."""
    return {}


def offer_download(name: str) -> None:
    """A note that a data set is not on this server, and a button that downloads it."""
    running = downloads().get(name)
    if running is not None and running.thread.is_alive():
        st.fragment(_show_progress, run_every=1.0)(name)
        return
    slow = " Its host is slow: this may take half an hour." if name == "cifar10" else ""
    st.info(f"{DATASETS[name].title} is not on this server yet.{slow}", icon=":material/download:")
    if running is not None and running.error:
        show_error(running.error)
    if st.button(f"Download {DATASETS[name].title}", icon=":material/download:"):
        downloads()[name] = _Download(name)
        st.rerun()


def _show_progress(name: str) -> None:
    """The progress bar of a download and the button that cancels it."""
    running = downloads()[name]
    if not running.thread.is_alive():
        st.rerun(scope="app")
    share = running.done / running.total if running.total else 0.0
    st.progress(min(share, 1.0), f"{format_bytes(running.done)} downloaded")
    if st.button("Cancel the download", icon=":material/close:"):
        running.cancel.set()
