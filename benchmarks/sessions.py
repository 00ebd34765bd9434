"""Ten sessions at once, two of them training: what the others notice of it.

    CAE_DATA_DIR=... python benchmarks/sessions.py                # about 3 minutes, 2 free cores
    CAE_DATA_DIR=... python benchmarks/sessions.py --readers 0    # the two that train, alone

Starts a server and opens ten browser contexts. Two press Train, on CIFAR-10 where CAE_DATA_DIR
has it and else on the sample photo patches; the other eight move sliders and open pages
meanwhile. A time counts from the press to what it changes on the screen, the browser included,
which runs on the same machine. Timings belong to the machine they were taken on; nothing here
is asserted.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from spine import resident_megabytes, server

ROUNDS = 4  # an even number: the sliders end where they began
EPOCHS = 30  # longer than everything that is measured meanwhile
PATIENCE = 120_000  # milliseconds
DRAWN_LOSS = """() => [...document.querySelectorAll('.js-plotly-plot')].some(
    plot => plot.data && plot.data[0].x.length > 0)"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--readers", type=int, default=8, help="sessions that do not train")
    count = parser.parse_args().readers
    # Where the machine was busy when the worker measured it, the server expects long trainings.
    os.environ["CAE_MAX_JOB_MINUTES"] = "600"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with server() as (url, pid), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        measure(browser, url, pid, count)
        browser.close()


def show(figure: str, measured: str, wanted: str = "") -> None:
    """Prints a figure as soon as it is there."""
    print(f"{figure:54}{measured:>50}  {wanted}", flush=True)


def measure(browser: Browser, url: str, pid: int, count: int) -> None:
    """The whole scene."""
    data = "CIFAR-10" if has_cifar10() else "Photo patches"
    trainer = f"{url}/trainer?data={data.replace(' ', '+')}&epochs={EPOCHS}"
    first, second = (open_session(browser, trainer) for _ in range(2))
    latent_page = f"{url}/latent_size"
    readers = [open_session(browser, latent_page) for _ in range(count)]
    denoiser = open_session(browser, f"{url}/denoise")
    denoiser.get_by_text("Noisy, sigma 25").wait_for()
    for page in readers:
        latent_page_is_complete(page)
        page.get_by_role("radio", name="5 conv16").click()
        page.get_by_text("Layer 5: Convolution").wait_for()
    wait_until_worker_is_warm(first)
    trainer_page_is_complete(second)
    look_around(readers, latent_page, trainer, "at rest")

    started = time.perf_counter()
    train(first).click()
    first.wait_for_function(DRAWN_LOSS)
    first_loss = f"{time.perf_counter() - started:.2f} s"
    show("Train to the first loss on the chart, warm worker", first_loss, "<= 3 s")
    train(second).click()
    waiting = second.get_by_text(re.compile("^Waiting"))
    waiting.wait_for()
    running = first.get_by_text(re.compile(r"^Epoch \d+ of"))
    queue = f"{progress_of(running)} / {progress_of(waiting)}"
    show(f"queue while training on {data}: first / second", queue, "running / 1 before")
    memory = [memory_of(pid)]
    look_around(readers, latent_page, trainer, "while training", "< 1 s")
    if readers:
        noise = [move_noise(denoiser, 26 + turn) for turn in range(3 * ROUNDS)]
        show("moved noise slider at 640 pixels, while training", spread(noise), "< 2 s")
    memory.append(memory_of(pid))
    if not running.is_visible():
        raise SystemExit(f"The training ended before the measurements: more than {EPOCHS} epochs.")

    ended, stopped = stop(first)
    show("Stop to the training's end", f"{ended:.2f} s", "<= 2 s")
    show("Stop to the stopped and tested job on the page", f"{stopped:.2f} s")
    second.get_by_text(re.compile(r"^Epoch \d+ of")).wait_for()
    memory.append(memory_of(pid))
    stop(second)
    show("UI + worker, largest of three looks", f"{max(memory):.0f} MB", "< 1600 MB")


def look_around(
    readers: list[Page], address: str, trainer: str, when: str, wanted: str = ""
) -> None:
    """Waiting times of visitors who move sliders and open pages; nothing without any."""
    if not readers:
        return
    sliders = [move_slider(page, turn) for turn in range(ROUNDS) for page in readers]
    show(f"moved slider, {when}", spread(sliders), wanted)
    at_once = [move_all_sliders(readers, turn) for turn in range(ROUNDS, 2 * ROUNDS)]
    show(f"the last of {len(readers)} sliders moved at once, {when}", spread(at_once), wanted)
    latent = [open_page(page, address, latent_page_is_complete) for page in readers]
    show(f"opened latent-size page, {when}", spread(latent), wanted)
    trainers = [open_page(page, trainer, trainer_page_is_complete) for page in readers]
    show(f"opened trainer page, {when}", spread(trainers), wanted)


def has_cifar10() -> bool:
    """Whether CIFAR-10 is in the folder that the environment names."""
    folder = os.environ.get("CAE_DATA_DIR")
    return folder is not None and (Path(folder) / "cifar10.npz").exists()


def spread(seconds: list[float]) -> str:
    """Median, 95th percentile and worst."""
    p95 = np.percentile(seconds, 95)
    return f"median {statistics.median(seconds):.2f} s, p95 {p95:.2f} s, worst {max(seconds):.2f} s"


# What a visitor does


def open_session(browser: Browser, address: str) -> Page:
    """A visitor of one's own, with cookies and cache of one's own, at an address."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(address)
    return page


def open_page(visitor: Page, address: str, is_complete: Callable[[Page], None]) -> float:
    """Seconds until an address is complete in a new tab of a visitor who was here before."""
    page = visitor.context.new_page()
    started = time.perf_counter()
    page.goto(address, wait_until="commit")
    is_complete(page)
    seconds = time.perf_counter() - started
    page.close()
    return seconds


def latent_page_is_complete(page: Page) -> None:
    """Returns when the page's last widget and its table are there."""
    page.get_by_text("Show a second architecture").wait_for()
    page.locator(".cae-table").wait_for()


def trainer_page_is_complete(page: Page) -> None:
    """Returns when the trainer can be started."""
    page.get_by_role("heading", name="The data", exact=True).wait_for()
    train(page).and_(page.locator(":enabled")).wait_for()


def wait_until_worker_is_warm(page: Page) -> None:
    """Returns when the worker has imported all, and measured this machine: its first work."""
    while True:
        trainer_page_is_complete(page)
        if page.get_by_text(re.compile(r"^About .* on this server")).is_visible():
            return
        page.wait_for_timeout(2000)  # a page that loads takes the processor from the measurement
        page.reload()


def train(page: Page) -> Locator:
    """The button that starts a training; icons are letters to a screen reader."""
    return page.get_by_role("button", name=re.compile(r"(^|\s)Train$"))


def press_slider(page: Page, turn: int) -> Locator:
    """Moves the channels of the last encoder layer to and fro; returns what then appears."""
    key, channels = ("ArrowLeft", 15) if turn % 2 == 0 else ("ArrowRight", 16)
    page.get_by_role("slider", name="Channels").press(key)
    return page.get_by_role("heading", name=f"Latent 8x8x{channels} ")


def move_slider(page: Page, turn: int) -> float:
    """Seconds until a moved slider's effect is on the page."""
    started = time.perf_counter()
    press_slider(page, turn).wait_for()
    return time.perf_counter() - started


def move_noise(page: Page, sigma: int) -> float:
    """Seconds until the noise slider, moved to a sigma, has changed the image."""
    started = time.perf_counter()
    page.get_by_role("slider", name="Noise sigma").press("ArrowRight")
    page.get_by_text(f"Noisy, sigma {sigma}").wait_for()
    return time.perf_counter() - started


def move_all_sliders(pages: list[Page], turn: int) -> float:
    """Seconds until the last of several sliders, moved at once, has had its effect."""
    started = time.perf_counter()
    for heading in [press_slider(page, turn) for page in pages]:
        heading.wait_for()
    return time.perf_counter() - started


def progress_of(line: Locator) -> str:
    """The text of a progress bar up to the first dot."""
    return line.inner_text().partition(" · ")[0].rstrip(".")


def stop(page: Page) -> tuple[float, float]:
    """Seconds from the press of Stop until the training has ended, and until it is tested."""
    started = time.perf_counter()
    page.get_by_role("button", name=re.compile(r"(^|\s)Stop$")).click()
    tested = page.get_by_text("the network trained so far is kept")
    # A small network's test may be over before the page looks again.
    page.get_by_text("Training has ended").or_(tested).wait_for()
    ended = time.perf_counter() - started
    tested.wait_for()
    return ended, time.perf_counter() - started


# Memory


def memory_of(pid: int) -> float:
    """Resident megabytes of the server and of its children, the worker."""
    return sum(resident_megabytes(number) for number in (pid, *children(pid)))


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        with suppress(FileNotFoundError, ProcessLookupError):  # some end while one looks
            if f"PPid:\t{pid}\n" in status.read_text():
                found.append(int(status.parent.name))
    return found


if __name__ == "__main__":
    main()
