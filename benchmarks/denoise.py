"""The denoisers side by side: quality on CBSD68, speed, memory, in a browser, in one run.

    python benchmarks/denoise.py --photos BSDS500            # about 20 minutes on 2 cores
    python benchmarks/denoise.py --photos BSDS500 --images 8
    python benchmarks/denoise.py                             # no quality: 3 minutes

Quality is measured as `cae_core.data.cbsd68` says. Each line of the speed table is a process of its
own, so that memory is its own as well. BM3D is measured where the package bm3d is installed (its
licence is for non-commercial use; it is no dependency). Timings belong to the machine they were
taken on; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright
from spine import server

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cae_core import zoo  # noqa: E402 - found through the line above
from cae_core.data import cbsd68  # noqa: E402
from cae_core.models.precision import has_fast_bfloat16  # noqa: E402
from cae_core.photos.classical import CLASSICAL, denoise_classical  # noqa: E402
from cae_core.photos.denoising import denoise  # noqa: E402
from cae_core.studies import tables  # noqa: E402

Denoiser = Callable[[np.ndarray, float], np.ndarray]
BOTTLENECK = "homework-denoise"
REPEATS = 20
PEOPLE, FIRST_SIGMA, STEPS = 10, 30, 5
BATCH = 5
PATIENCE = 120_000  # milliseconds
# From the next key to the frame in which a label stands that comes with the image.
STOPWATCH = """wanted => {
    window.milliseconds = 0;
    const label = [...document.querySelectorAll('*')].filter(e => e.shadowRoot)
        .map(e => e.shadowRoot.querySelector('.before-label')).find(e => e);
    window.addEventListener('keydown', () => {
        const started = performance.now();
        new MutationObserver((_, observer) => {
            if (label.textContent !== wanted) return;
            observer.disconnect();
            requestAnimationFrame(() => { window.milliseconds = performance.now() - started; });
        }).observe(label, {childList: true, characterData: true, subtree: true});
    }, {once: true, capture: true});
}"""


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="the folder BSDS500; no quality without it")
    parser.add_argument("--images", type=int, default=68, help="only the first so many of CBSD68")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        height, width, precision = options.measure
        print(json.dumps(speed(int(height), int(width), precision)))
        return
    if options.photos:
        print_quality(cbsd68.photographs(options.photos)[: options.images])
    print_speed()
    print_batches()
    print_browser()


def methods() -> dict[str, Denoiser]:
    """Every denoiser that can be run here."""
    found: dict[str, Denoiser] = {
        "noisy": lambda noisy, sigma: noisy,
        "photo denoiser, float32": lambda noisy, sigma: denoise(noisy, sigma, precision="float32"),
    }
    if has_fast_bfloat16():
        found["photo denoiser, bfloat16"] = lambda noisy, sigma: denoise(
            noisy, sigma, precision="mixed_bfloat16"
        )
    if BOTTLENECK in zoo.names():
        found["bottleneck autoencoder"] = lambda noisy, sigma: denoise(noisy, sigma, BOTTLENECK)
    for method in CLASSICAL:
        found[f"{method} (scikit-image)"] = partial(denoise_classical, method=method)
    if importlib.util.find_spec("bm3d"):
        from bm3d import bm3d_rgb

        found["CBM3D (package bm3d)"] = bm3d_rgb
    return found


def print_quality(images: list[np.ndarray]) -> None:
    """Mean PSNR of every method at every level, published ones below."""
    print(f"PSNR in dB, CBSD68 ({len(images)} images), noise not clipped")
    print(f"{'':34}" + "".join(f"{f'sigma {units}':>10}" for units in cbsd68.SIGMAS))
    for title, method in methods().items():
        values = [cbsd68.mean_psnr(method, images, units) for units in cbsd68.SIGMAS]
        print(f"{title:34}" + "".join(f"{value:10.2f}" for value in values), flush=True)
    for title, values in published().items():
        print(f"{f'{title}, published':34}" + "".join(f"{value:>10}" for value in values))


def published() -> dict[str, list[str]]:
    """Published PSNR of other denoisers, from the table that docs/results.md shows."""
    with tables.table_path(tables.CBSD68).open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["origin"] == "published"]
    return {row["method"]: [row[f"sigma {units}"] for units in cbsd68.SIGMAS] for row in rows}


def print_speed() -> None:
    """Time and memory for two sizes."""
    print(f"\n{'':26}{'time':>10}{'user CPU':>12}{'memory added':>14}")
    for precision in ("float32", *(["mixed_bfloat16"] if has_fast_bfloat16() else [])):
        for height, width in ((512, 512), (3000, 4000)):
            arguments = ["--measure", str(height), str(width), precision]
            result = subprocess.run(
                [sys.executable, __file__, *arguments], capture_output=True, text=True, check=False
            )
            if result.returncode:
                raise SystemExit(result.stderr)
            seconds, cpu, megabytes = json.loads(result.stdout.splitlines()[-1])
            size = f"{width} x {height}, {precision.removeprefix('mixed_')}"
            print(f"{size:26}{1000 * seconds:7,.0f} ms{1000 * cpu:9,.0f} ms{megabytes:11,.0f} MB")


def speed(height: int, width: int, precision: str) -> tuple[float, float, float]:
    """Median seconds, processor seconds, and memory added to what a loaded network takes."""
    image = np.random.default_rng(0).random((height, width, 3), dtype=np.float32)
    denoise(image[:64, :64], 0.1, precision=precision)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times, processor = [], []
    for _ in range(REPEATS if height <= 1024 else 2):
        started, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
        denoise(image, 0.1, precision=precision)
        times.append(time.perf_counter() - started)
        processor.append(resource.getrusage(resource.RUSAGE_SELF).ru_utime - used)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return statistics.median(times), statistics.median(processor), (after - before) / 1024


def print_batches() -> None:
    """Whether several people's images in one batch would take less time than one by one."""
    for precision in ("float32", *(["mixed_bfloat16"] if has_fast_bfloat16() else [])):
        network = zoo.load(zoo.PHOTO_DENOISER, precision)
        times = []
        for count in (1, BATCH):
            images = np.random.default_rng(0).random((count, 512, 512, 3), dtype=np.float32)
            work = partial(network.predict_on_batch, [images, np.full_like(images[..., :1], 0.1)])
            work()
            times.append(median_seconds(work))
        alone, each = 1000 * times[0], 1000 * times[1] / BATCH
        name = precision.removeprefix("mixed_")
        print(f"512 x 512, {name}: alone {alone:.0f} ms, {each:.0f} ms in a batch of {BATCH}")


def median_seconds(work: Callable[[], object]) -> float:
    """Median time of some work."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def print_browser() -> None:
    """Waiting times after a moved noise slider: of one visitor, and of ten at once."""
    with server() as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        pages = [browser.new_page(viewport={"width": 1280, "height": 900}) for _ in range(PEOPLE)]
        for index, page in enumerate(pages):
            page.goto(f"{url}/denoise?denoise-photo=Astronaut&sigma={FIRST_SIGMA + index}")
            page.get_by_text("SSIM, denoised").wait_for(timeout=PATIENCE)
        alone = [seconds_to_image(pages[0], FIRST_SIGMA + step) for step in range(1, REPEATS + 1)]
        sigmas = [FIRST_SIGMA + REPEATS, *(FIRST_SIGMA + i for i in range(1, PEOPLE))]
        together = drag_all(pages, sigmas)
        dragged = drag_all(pages, [sigma + 1 for sigma in sigmas], steps=STEPS)
        browser.close()
    print(f"\nmoved slider to image, 512 x 512: median {1000 * statistics.median(alone):,.0f} ms")
    print(f"{PEOPLE} people at once, the longest wait: {together:.1f} s, each with their own image")
    print(f"the same, {STEPS} steps each, from the last step: {dragged:.1f} s")


def seconds_to_image(page: Page, sigma: int) -> float:
    """Moves the slider by one; seconds from the key to the frame that shows the image."""
    press(page, sigma)
    return seconds_taken(page)


def drag_all(pages: list[Page], sigmas: list[int], steps: int = 1) -> float:
    """Every page's slider, from its sigma, so many steps on; how long the last waited.

    Its wait begins with the last step; the images of those before are no longer wanted.
    """
    for page, sigma in zip(pages, sigmas, strict=True):
        for step in range(1, steps + 1):
            press(page, sigma + step)
    return max(seconds_taken(page) for page in pages)


def press(page: Page, sigma: int) -> None:
    """Moves the slider by one, to this sigma, and has the browser take the time."""
    page.evaluate(STOPWATCH, f"Noisy, sigma {sigma}")
    page.get_by_role("slider", name=re.compile("^Noise sigma")).press("ArrowRight")


def seconds_taken(page: Page) -> float:
    """Seconds by the browser's own clock; asking it from outside takes longer than the change."""
    page.wait_for_function("window.milliseconds > 0", timeout=PATIENCE, polling=50)
    return page.evaluate("window.milliseconds") / 1000


if __name__ == "__main__":
    main()
