"""The app without a browser: Streamlit's own test runner, a worker that the test plays."""

import json
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from cae_ui.common import resources

APP = Path(__file__).parents[2] / "app.py"
# Seconds a run of a page may take: generous, because nothing here measures time.
TIMEOUT = 90


class PlayedWorker(Executor):
    """A worker whose calls wait until the test lets them run, in the test's own thread."""

    def __init__(self):
        self.calls = []

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        self.calls.append((future, fn, args))
        return future

    def warm(self, preparation):
        """Nothing to start."""

    def work(self):
        """Runs the oldest call, unless it was cancelled."""
        future, fn, args = self.calls.pop(0)
        if future.set_running_or_notify_cancel():
            future.set_result(fn(*args))

    def die(self, error):
        """Ends the oldest call as a process does that is killed."""
        future, _, _ = self.calls.pop(0)
        future.set_running_or_notify_cancel()
        future.set_exception(error)


@pytest.fixture(autouse=True)
def worker(monkeypatch, tmp_path):
    """A server of its own for every test: empty caches, empty folder of runs, no process."""
    played = PlayedWorker()
    monkeypatch.setenv(resources.RUNS_VARIABLE, str(tmp_path / "runs"))
    monkeypatch.setattr(resources, "WorkerProcess", lambda preload: played)
    # A training takes a second.
    monkeypatch.setenv("CAE_DATA_LIMIT", "256")
    # As on a machine that was measured before: the worker has nothing to do at first.
    (tmp_path / "runs").mkdir()
    speed = {"seconds_per_image": 1e-4, "seconds_per_mac": 1e-11}
    (tmp_path / "runs" / "speed.json").write_text(json.dumps(speed))
    st.cache_resource.clear()
    yield played
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def no_page_may_raise(monkeypatch):
    """An exception on a page fails the test at once, whoever ran the page."""
    run = AppTest._run

    def checked(page, *args, **kwargs):
        run(page, *args, **kwargs)
        shown = [f"{error.message}\n{chr(10).join(error.stack_trace)}" for error in page.exception]
        assert not shown, "\n\n".join(shown)
        return page

    monkeypatch.setattr(AppTest, "_run", checked)


@pytest.fixture
def latent_page():
    """Opens the latent-size page with query parameters."""
    return partial(_open, None)


@pytest.fixture
def trainer_page():
    """Opens the trainer with query parameters."""
    return partial(_open, "pages/trainer.py")


@pytest.fixture
def denoise_page():
    """Opens the denoise page with query parameters."""
    return partial(_open, "pages/denoise.py")


@pytest.fixture
def colorize_page():
    """Opens the colorize page with query parameters."""
    return partial(_open, "pages/colorize.py")


@pytest.fixture
def zoo_page():
    """Opens the zoo with query parameters."""
    return partial(_open, "pages/zoo.py")


def _open(path, **query):
    page = AppTest.from_file(APP, default_timeout=TIMEOUT)
    if path is not None:
        page.switch_page(path)
    page.query_params.update(query)
    return page.run()
