"""The app in a real browser: a server of its own, pages that report what goes wrong on them."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

PROJECT = Path(__file__).parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Milliseconds to wait for anything: far more than a slow machine needs, nothing is measured.
PATIENCE = 600_000
# Training images of every data set: a training of some epochs takes seconds.
DATA_LIMIT = "400"
LOCAL = ("127.0.0.1", "localhost")
# Streamlit 1.67 takes a page that is closed while it is written to for one that sends text.
CLOSED_PAGE = re.compile(
    r"Exception in ASGI application\n"
    r"(?:(?!Exception in ASGI application).*\n)*?"
    r'starlette\.websockets\.WebSocketDisconnected: Cannot call "send" once .*\n'
)

_outcome = pytest.StashKey[dict[str, pytest.TestReport]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.stash.setdefault(_outcome, {})[report.when] = report
    return report


class Server:
    """``streamlit run app.py`` on a free port."""

    def __init__(self, folder):
        self.log = folder / "server.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        options = {
            "port": port,
            "address": "127.0.0.1",
            "headless": "true",
        }
        # As on a machine whose speed was measured before: the first training starts at once.
        runs = folder / "runs"
        runs.mkdir()
        speed = {"seconds_per_image": 1e-3, "seconds_per_mac": 4e-10}
        (runs / "speed.json").write_text(json.dumps(speed))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - the app itself, no shell
                [sys.executable, "-m", "streamlit", "run", "app.py"]
                + [f"--server.{name}={value}" for name, value in options.items()],
                cwd=PROJECT,
                env={
                    **os.environ,
                    "CAE_RUNS_DIR": str(runs),
                    "CAE_DATA_LIMIT": DATA_LIMIT,
                    "CAE_SHARED_RUNS": "1",  # every page is a visitor of its own
                },
                stdout=log,
                stderr=log,
            )

    def wait_until_healthy(self):
        """Asks again and again; a refused connection comes back at once."""
        health = f"{self.address}/_stcore/health"
        while self.process.poll() is None:
            try:
                with urllib.request.urlopen(health, timeout=30):  # noqa: S310 - our own server
                    return
            except (URLError, ConnectionError):
                continue
        raise RuntimeError(f"The server ended: {self.log.read_text()}")

    def worker(self):
        """The number of the server's child that trains."""
        (found,) = [
            number
            for number, parent, command in _processes()
            if parent == self.process.pid and "cae_core.jobs.worker" in command
        ]
        return found

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def tracebacks(self):
        """What the server wrote from its first traceback on, closed pages left out."""
        log = CLOSED_PAGE.sub("", self.log.read_text())
        _, found, rest = log.partition("Traceback (most recent call last)")
        return found + rest


def _processes():
    """Number, parent's number and command line of every process."""
    if not Path("/proc").is_dir():
        pytest.skip("This journey finds the worker in /proc, which only Linux has.")
    for folder in Path("/proc").glob("[0-9]*"):
        # Others come and go while one looks.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            command = (folder / "cmdline").read_text(errors="replace")
            parent = re.search(r"^PPid:\s+(\d+)$", (folder / "status").read_text(), re.MULTILINE)
            yield int(folder.name), int(parent[1]), command.split("\0")


def _served(folder):
    """Starts a server, hands it out, stops it and looks into its log."""
    server = Server(folder)
    try:
        server.wait_until_healthy()
        yield server
    finally:
        server.stop()
    assert server.tracebacks() == ""
    assert "retracing" not in server.log.read_text()  # TensorFlow compiles again and again


@pytest.fixture(scope="session")
def server(browser, tmp_path_factory):
    """The server that all journeys share, with the runs that those before have left."""
    yield from _served(tmp_path_factory.mktemp("server"))


@pytest.fixture
def fresh_server(browser, tmp_path):
    """A server that nobody has visited yet; named before `visit`, so that it outlives it."""
    yield from _served(tmp_path)


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium, without a window."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"These tests need a browser on the path: one of {', '.join(BROWSERS)}.")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=BROWSER_ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser, server, request):
    """Opens an address as a new visitor; at the end, looks at what the pages reported."""
    contexts, complaints = [], []

    def note_console(message):
        # Streamlit asks for its health under a page's own address first, and is refused.
        address = message.location.get("url", "")
        if message.type == "error" and "/_stcore" not in address:
            complaints.append(f"console: {message.text} {address}")

    def note_request(sent):
        url = urlsplit(sent.url)
        if url.scheme not in ("data", "blob") and url.hostname not in LOCAL:
            complaints.append(f"request to {sent.url}")

    def open_page(address="/", **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.on("console", note_console)
        context.on("request", note_request)
        context.on("weberror", lambda error: complaints.append(f"uncaught: {error.error}"))
        page = context.new_page()
        page.goto(address if address.startswith("http") else server.address + address)
        return page

    yield open_page
    reports = request.node.stash.get(_outcome, {})
    if "call" in reports and reports["call"].failed:
        _keep_screenshots(contexts, request.node.name)
    for context in contexts:
        context.close()
    assert complaints == []


def _keep_screenshots(contexts, name):
    """Images of every open page, for whoever looks for the reason."""
    folder = PROJECT / "test-results"
    folder.mkdir(exist_ok=True)
    pages = [page for context in contexts for page in context.pages]
    for number, page in enumerate(pages):
        stem = re.sub(r"\W+", "-", name)
        page.screenshot(path=folder / f"{stem}-{number}.png", full_page=True)
