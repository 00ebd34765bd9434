"""The figures of the spine, measured in one run and printed as a table.

    python benchmarks/spine.py            # about 3 minutes on 2 cores
    CAE_DATA_DIR=... python benchmarks/spine.py --homework   # trains on CIFAR-10 as well

Timings belong to the machine they were taken on; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
REPEATS = 5
# What Streamlit itself takes: the same signs of completeness, and nothing else.
EMPTY_APP = """
import streamlit as st
st.toggle("The only one")
"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--homework", action="store_true", help="train the homework network too")
    options = parser.parse_args()
    rows = [import_time(), slider_time(), *page_figures()]
    if options.homework:
        rows.append(homework_error())
    width = max(len(name) for name, _, _ in rows)
    print(f"{'figure'.ljust(width)}  {'measured':>12}  wanted")
    for name, measured, wanted in rows:
        print(f"{name.ljust(width)}  {measured:>12}  {wanted}")


def import_time() -> tuple[str, str, str]:
    """`import cae_core` in a fresh interpreter, the interpreter's own start taken off."""

    def seconds(code: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
        return time.perf_counter() - started

    pairs = [(seconds("import cae_core"), seconds("pass")) for _ in range(REPEATS)]
    loaded = subprocess.run(
        [sys.executable, "-c", "import cae_core, sys; print('tensorflow' in sys.modules)"],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.strip()
    took = statistics.median(a - b for a, b in pairs)
    return (f"import cae_core (TensorFlow loaded: {loaded})", f"{took:.3f} s", "< 0.3 s")


def slider_time() -> tuple[str, str, str]:
    """A moved channel slider on the latent page: the script run it causes, browser excluded."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page("pages/latent_size.py").run()
    times = []
    for channels in range(9, 9 + 4 * REPEATS):
        slider = next(s for s in app.slider if s.label == "Channels")
        started = time.perf_counter()
        slider.set_value(channels).run()
        times.append(time.perf_counter() - started)
    return (
        "moved slider, latent page, server",
        f"{1000 * statistics.median(times):.0f} ms",
        "< 100 ms",
    )


def page_figures() -> Iterator[tuple[str, str, str]]:
    """Server start to complete first page in a browser, and the server's memory then."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "app.py").write_text(EMPTY_APP)
            ours, empty = [], []
            for _ in range(REPEATS):
                empty.append(seconds_to_page(browser, Path(folder), "The only one"))
                ours.append(seconds_to_page(browser, ROOT, "See the evidence"))
        # The trainer starts a worker, which would disturb the timing of a next start.
        page = browser.new_page()
        with server() as (url, pid):
            page.goto(f"{url}/latent_size")
            page.locator(".cae-table").wait_for()
            latent = resident_megabytes(pid)
            page.goto(f"{url}/trainer")
            page.get_by_text("What the network will see").wait_for()
            trainer = resident_megabytes(pid)
        browser.close()
    yield ("server start to complete first page", f"{statistics.median(ours):.2f} s", "< 2 s")
    yield ("the same of an app with one toggle", f"{statistics.median(empty):.2f} s", "")
    yield ("UI process, latent page", f"{latent:.0f} MB", "< 250 MB")
    yield ("UI process, trainer page with photo patches", f"{trainer:.0f} MB", "< 250 MB")


def seconds_to_page(browser: Browser, root: Path, last: str) -> float:
    """From the server's start until the first page's last text is there."""
    page = browser.new_page()
    started = time.perf_counter()
    with server(root) as (url, _):
        page.goto(url, wait_until="commit")
        page.get_by_text(last).wait_for()
        seconds = time.perf_counter() - started
        page.close()
    return seconds


def homework_error() -> tuple[str, str, str]:
    """The homework network, 10 epochs, batch 128, on CIFAR-10."""
    import cae_core as cae

    run = cae.train(
        cae.get_preset("homework").architecture,
        cae.load_dataset("cifar10"),
        config=cae.TrainConfig(epochs=10, batch_size=128),
        on_progress=lambda progress: print(f"\r{progress}   ", end="", file=sys.stderr, flush=True),
    )
    print(file=sys.stderr)
    name = f"homework network, CIFAR-10, 10 epochs: MSE on {run.test['images']:,} test images"
    return (name, f"{run.test['mse']:.5f}", "<= 0.0053")


@contextmanager
def server(root: Path = ROOT) -> Iterator[tuple[str, int]]:
    """The app of a folder on a free port; yields its address and process once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as runs:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "app.py",
                f"--server.port={port}",
                "--server.headless=true",
            ],
            cwd=root,
            env=os.environ | {"CAE_RUNS_DIR": runs},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()
            process.wait()


def wait_for(url: str) -> None:
    """Returns as soon as an address answers."""
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own server
                return
        except OSError:
            time.sleep(0.01)


def resident_megabytes(pid: int) -> float:
    """Memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
