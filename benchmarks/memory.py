"""Memory of a server while visitors upload large photos and denoise them whole.

    python benchmarks/memory.py                    # 40 megapixels; half an hour on 2 cores
    python benchmarks/memory.py --megapixels 12    # as telephones take them; ten minutes
    python benchmarks/memory.py --visitors 1
    python benchmarks/memory.py --uploads          # nothing is denoised: two minutes

Starts a server of its own and opens a browser context a visitor. Printed is how far the server's
peak lies above what it held before, when the network was loaded already. Memory and times belong
to the machine they were taken on; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from spine import ROOT, resident_megabytes, server

sys.path.insert(0, str(ROOT))

from cae_core.data.samples import photograph_path

PATIENCE = 3_600_000  # milliseconds
KINDS = ("jpg", "png")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--megapixels", type=float, default=39.9, help="size of the photos")
    parser.add_argument("--visitors", type=int, default=4, help="how many come at once")
    parser.add_argument("--uploads", action="store_true", help="measure uploads only")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        photos = {kind: make_photo(Path(folder), kind, options.megapixels) for kind in KINDS}
        for kind, path in photos.items():
            print(f"{kind}: {options.megapixels:g} MP, {path.stat().st_size / 1e6:.1f} MB")
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        print(f"{'':40}{'added MB':>9}{'s':>7}  wanted")
        for kind in KINDS:
            for visitors in sorted({1, options.visitors}):
                wanted = "< 700 MB" if visitors == 1 else "< 1,200 MB"
                with server() as (url, pid):
                    pages = [open_page(browser, url) for _ in range(visitors)]
                    upload_all = partial(upload, pages, photos[kind])
                    show(f"{visitors} x {kind} uploaded", pid, wanted, upload_all)
                    if kind == "jpg" and not options.uploads:
                        whole = f"{visitors} x whole photo denoised"
                        show(whole, pid, "< 1,200 MB", partial(denoise, pages))
                    for page in pages:
                        page.context.close()
        browser.close()


def make_photo(folder: Path, kind: str, megapixels: float) -> Path:
    """A photograph enlarged, with the grain of a camera."""
    with Image.open(photograph_path("coffee.png")) as small:
        scale = math.sqrt(1e6 * megapixels / math.prod(small.size))
        large = small.convert("RGB").resize([int(scale * side) for side in small.size])
    pixels = np.asarray(large).astype(np.int16)
    pixels += np.random.default_rng(0).normal(0, 3, pixels.shape).astype(np.int16)
    path = folder / f"photo.{kind}"
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    # Grain fills more than the 64 MB that may be uploaded, without loss.
    (image if kind == "jpg" else image.quantize(64).convert("RGB")).save(path, quality=85)
    return path


def open_page(browser: Browser, url: str) -> Page:
    """The denoise page of a visitor, once the network has worked."""
    page = browser.new_context().new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{url}/denoise")
    page.get_by_text("PSNR, denoised").wait_for()
    return page


def upload(pages: list[Page], photo: Path) -> None:
    """All visitors upload a photo, until all see it."""
    for page in pages:
        page.locator("input[type=file]").set_input_files(photo)
    for page in pages:
        page.get_by_text("reduced from").wait_for()


def denoise(pages: list[Page]) -> None:
    """All visitors denoise the whole of it, until all have the result."""
    for page in pages:
        page.get_by_role("button", name="Denoise all").click()
    for page in pages:
        page.get_by_role("button", name="Denoised, PNG").wait_for()


def show(name: str, pid: int, wanted: str, work: Callable[[], None]) -> None:
    """Prints the added memory and the time of some work."""
    before, started = resident_megabytes(pid), time.perf_counter()
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak begins anew
    work()
    seconds = time.perf_counter() - started
    added = peak_megabytes(pid) - before
    print(f"{name:40}{added:9,.0f}{seconds:7.0f}  {wanted}", flush=True)


def peak_megabytes(pid: int) -> float:
    """The most memory that a process held since its peak began anew."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
