"""The app without a browser: Streamlit's own test runner, a worker that the test plays."""

import dataclasses
import json
import shutil
from concurrent.futures import Executor, Future
from functools import cache, partial
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import cae_core as cae
from cae_core.data.registry import load_dataset
from cae_core.jobs import TRAINING, JobQueue, JobRequest
from cae_ui.common import image_views, resources, shell
from cae_ui.trainer import data, download
from tests.app.finding import SMALL

APP = Path(__file__).parents[2] / "app.py"
# Seconds a run of a page may take: generous, because nothing here measures time.
TIMEOUT = 300
DATA_LIMIT = "256"  # training images of every data set: a training takes a second


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
    """A server of its own for every test: an empty folder of runs, an empty queue, no process."""
    played = PlayedWorker()
    runs = tmp_path / "runs"
    monkeypatch.setenv("CAE_RUNS_DIR", str(runs))
    monkeypatch.setenv("CAE_DATA_LIMIT", DATA_LIMIT)
    # As on one's own machine, which a machine without a screen is not taken for.
    monkeypatch.setenv("CAE_SHARED_RUNS", "1")
    monkeypatch.setattr(resources, "WorkerProcess", lambda preload: played)
    # As on a machine that was measured before: the worker has nothing to do at first.
    runs.mkdir()
    speed = {"seconds_per_image": 1e-4, "seconds_per_mac": 1e-11}
    (runs / "speed.json").write_text(json.dumps(speed))
    # Data sets and networks stay in memory; they are the same for every server.
    for shared in (
        resources.worker,
        resources.sweep_pool,
        resources.job_queue,
        resources.speed_file,
        download.downloads,
    ):
        shared.clear()
    return played


@pytest.fixture(scope="session")
def trained_folder(tmp_path_factory):
    """Does a job once for all tests; returns the folder it left."""

    @cache
    def train(network, task, kind):
        played = PlayedWorker()
        queue = JobQueue(tmp_path_factory.mktemp("trained"), played)
        config = cae.TrainConfig(epochs=1, batch_size=16, learning_rate=0.002)
        architecture = cae.Architecture.parse(network)
        job_id = queue.submit(JobRequest(architecture, task, config, "photo_patches", kind))
        # Only for this job: the tests after it, of other folders, read whole data sets.
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("CAE_DATA_LIMIT", DATA_LIMIT)
            played.work()
        return queue.status(job_id).folder

    return train


@pytest.fixture
def finished(trained_folder, tmp_path):
    """Puts a finished job on the server of the test; returns its id."""

    def put(network=SMALL, task=None, kind=TRAINING):
        folder = trained_folder(network, task or cae.Reconstruct(), kind)
        shutil.copytree(folder, tmp_path / "runs" / folder.name)
        return folder.name

    return put


@pytest.fixture
def open_page(monkeypatch):
    """Opens a page with query parameters; an exception on any page fails the test."""
    opened, raised = [], []
    route = shell.route

    def noting():
        try:
            route()
        except Exception as error:
            raised.append(error)
            raise

    def open_at(path, **query):
        page = AppTest.from_file(APP, default_timeout=TIMEOUT)
        opened.append(page)
        if path is not None:
            page.switch_page(path)
        page.query_params.update(query)
        return page.run()

    monkeypatch.setattr(shell, "route", noting)
    yield open_at
    # What a callback raises does not come by `route`, but stays on the page.
    shown = [error.message for page in opened for error in page.exception]
    assert not (raised or shown), f"{raised} {shown}"


def put_patches_for_data_sets(monkeypatch):
    """Has photo patches, small and grey ones for MNIST, stand in for data sets to download."""
    patches = load_dataset("photo_patches").preview()
    small = patches.samples[:, 2:30, 2:30, :1]
    grey = dataclasses.replace(patches, name="mnist", image_shape=(28, 28, 1), samples=small)
    monkeypatch.setattr(data, "is_available", lambda name: True)
    monkeypatch.setattr(data, "named_dataset", lambda name: grey if name == "mnist" else patches)


@pytest.fixture
def offered(monkeypatch):
    """What the page's download buttons were given: label -> contents and name of the file."""
    found = {}
    show = st.download_button

    def noting(label, data, file_name, **settings):
        found[label] = (data, file_name)
        return show(label, data, file_name, **settings)

    monkeypatch.setattr(st, "download_button", noting)
    return found


@pytest.fixture
def compared(monkeypatch):
    """What was put under the comparison slider, the last at the end: both images, both labels."""
    shown = []

    def slider(before, after, *, before_label, after_label, **_):
        shown.append((before, after, (before_label, after_label)))

    monkeypatch.setattr(image_views, "compare_slider", slider)
    return shown


@pytest.fixture
def start_page(open_page):
    """Opens the app at its bare address with query parameters."""
    return partial(open_page, None)


@pytest.fixture
def latent_page(open_page):
    """Opens the latent-size page with query parameters."""
    return partial(open_page, "pages/latent_size.py")


@pytest.fixture
def trainer_page(open_page):
    """Opens the trainer with query parameters."""
    return partial(open_page, "pages/trainer.py")


@pytest.fixture
def denoise_page(open_page):
    """Opens the denoise page with query parameters."""
    return partial(open_page, "pages/denoise.py")


@pytest.fixture
def colorize_page(open_page):
    """Opens the colorize page with query parameters."""
    return partial(open_page, "pages/colorize.py")


@pytest.fixture
def compress_page(open_page):
    """Opens the compress page with query parameters."""
    return partial(open_page, "pages/compress.py")


@pytest.fixture
def zoo_page(open_page):
    """Opens the zoo with query parameters."""
    return partial(open_page, "pages/zoo.py")


@pytest.fixture
def inside_page(open_page):
    """Opens the page Inside with query parameters."""
    return partial(open_page, "pages/inside.py")
