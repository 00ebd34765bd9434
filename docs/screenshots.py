"""Makes the README's images of the pages anew: ``python docs/screenshots.py [NAME ...]``.

Starts the app on a folder of runs of its own, opens the pages in the Chromium of this machine and
writes ``docs/NAME.png``. Needs what requirements-dev.txt names.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect, sync_playwright

DOCS = Path(__file__).parent
WIDTH, HEIGHT = 1280, 900
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 600_000  # milliseconds
# What is on a page only while it computes.
PASSING = ("[data-test-script-state=running]", "[data-testid=stSkeleton]")
COLORS = 256  # of the saved images: pages have few, photographs on them are dithered


# Address, height, what to press (its role and the end of its name), and the text that comes last.
SHOTS = {
    "start": ("/", HEIGHT, [], "See the evidence"),
    "latent_size": ("/latent_size", HEIGHT, [("radio", "5 conv16")], "Layer 5: Convolution"),
    "inside": (
        "/inside?part=Latent&edits=5-mute&beside=Unchanged+latent",
        HEIGHT,
        [],
        "Click one to",
    ),
    "trainer": ("/trainer?epochs=5", 1700, [("button", "Train")], "PSNR is against the original"),
    "sweep": ("/sweep", 1093, [], "Best: MSE"),
    "denoise": ("/denoise", HEIGHT, [], "PSNR, denoised"),
    "colorize": ("/colorize", HEIGHT, [], "Grey is hard to beat"),
    "compress": ("/compress", HEIGHT, [], "At every number of bytes"),
    "zoo": ("/zoo", HEIGHT, [], "The claims, tested"),
}


def main(names: list[str]) -> None:
    """Makes the images of some names, or all."""
    browser = next(path for name in BROWSERS if (path := shutil.which(name)))
    with tempfile.TemporaryDirectory() as folder:
        server, address = _started(Path(folder))
        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(
                    executable_path=browser, args=["--no-sandbox", "--disable-gpu"]
                )
                for name in names or SHOTS:
                    path, height, presses, last = SHOTS[name]
                    page = chromium.new_page(viewport={"width": WIDTH, "height": height})
                    page.set_default_timeout(PATIENCE)
                    page.goto(address + path)
                    for role, end in presses:
                        page.get_by_role(role, name=re.compile(rf"(^|\s){end}$")).click()
                    page.get_by_text(last).first.wait_for()
                    for passing in PASSING:
                        expect(page.locator(passing)).to_have_count(0, timeout=PATIENCE)
                    page.wait_for_load_state("networkidle")
                    _save(page.screenshot(), DOCS / f"{name}.png")
        finally:
            server.terminate()
            server.wait()


def _started(runs: Path) -> tuple[subprocess.Popen[bytes], str]:
    """The app on a free port, and its address, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    # As on a machine whose speed was measured before: the training starts at once.
    speed = {"seconds_per_image": 1e-3, "seconds_per_mac": 4e-10}
    (runs / "speed.json").write_text(json.dumps(speed))
    server = subprocess.Popen(  # noqa: S603 - the app itself, no shell
        [
            *(sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"),
            *(f"--server.port={port}", "--server.address=127.0.0.1"),
        ],
        cwd=DOCS.parent,
        env={**os.environ, "CAE_RUNS_DIR": str(runs)},
    )
    while server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=30):  # noqa: S310
                return server, address
        except OSError:
            continue
    raise RuntimeError("The app's server has ended.")


def _save(content: bytes, path: Path) -> None:
    """Saves a screenshot with a palette, at half the bytes."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    image.quantize(palette=image.quantize(COLORS)).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1:])
