"""The page Inside: what a moved slider takes, on the server and in a browser.

    python benchmarks/inside.py            # about 2 minutes on 2 cores

For networks of the zoo: an image encoded and its latent decoded by themselves; a run of the whole
page without a browser, which is more than a moved slider costs; and the seconds from a key on the
slider "Bits a number" to the new PSNR on the screen, and from one on a slider of the map to the
newly decoded image, the browser included, which runs on the same machine. Timings belong to the
machine they were taken on; nothing here is asserted.
"""

from __future__ import annotations

import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
from playwright.sync_api import Browser, Locator, Page, sync_playwright
from spine import ROOT, server

NETWORKS = ("homework", "dense-mnist", "skip-0.3", "baseline", "pca-64")
ROUNDS = 5  # from 1 bit a number to 6: each changes the decoded image visibly
PATIENCE = 120_000  # milliseconds
PSNR = """() => document.querySelector('[data-testid="stMetric"]').innerText"""
DECODED = """() => document.querySelector('img[alt="No image was encoded to it"]').src"""


def main() -> None:
    """Measures and prints."""
    head = (
        "network",
        "encode",
        "decode",
        "decode 128",
        "page, server",
        "slider",
        "slider of the map",
    )
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with server() as (url, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        in_browser = {
            name: (moved_bits(browser, url, name), moved_place(browser, url, name))
            for name in NETWORKS
        }
        browser.close()
    rows = [
        head,
        *((name, *core_times(name), page_time(name), *in_browser[name]) for name in NETWORKS),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    print("wanted: 60 ms on the server, 300 ms in the browser, for networks of 32x32 images")


def milliseconds(work: Callable[[], object]) -> str:
    """Median of some repetitions, after one that compiles."""
    work()
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return f"{1000 * statistics.median(times):.1f} ms"


def core_times(name: str) -> tuple[str, str, str]:
    """An image encoded, its latent decoded, and as many latents as a ranking decodes at a time."""
    from cae_core import zoo
    from cae_core.inspection import InspectedNetwork

    model, architecture = zoo.network_of(name)
    network = InspectedNetwork(model, architecture, zoo.card(name).task)
    image = np.zeros((1, *network.image_shape), np.uint8)
    encoded = network.encode(image)
    many = encoded.with_latents(np.repeat(encoded.latents, 128, axis=0))
    return (
        milliseconds(lambda: network.encode(image)),
        milliseconds(lambda: network.decode(encoded)),
        milliseconds(lambda: network.decode(many)),
    )


def page_time(name: str) -> str:
    """A run of the whole page after a moved slider, browser excluded."""
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE / 1000)
    page.switch_page("pages/inside.py")
    page.query_params.update({"network": name, "part": "Latent"})
    page.run()
    bits = iter(range(1, 9))
    return milliseconds(lambda: page.select_slider("bits").set_value(next(bits)).run())


def moved_bits(browser: Browser, url: str, name: str) -> str:
    """`key_times` of the slider that rounds the latent, to the new PSNR."""
    page = opened_page(browser, f"{url}/inside?network={name}&part=Latent&bits=1")
    page.get_by_test_id("stMetric").wait_for()
    page.get_by_role("group", name="Ranking").wait_for()
    return key_times(page, page.get_by_role("slider", name="Bits a number"), PSNR)


def moved_place(browser: Browser, url: str, name: str) -> str:
    """`key_times` of a slider of the map, to the new image."""
    page = opened_page(browser, f"{url}/inside?network={name}&part=Map")
    slider = page.get_by_role("slider", name=re.compile("(Number|Principal component) 1"))
    slider.press("ArrowLeft")
    page.get_by_alt_text("No image was encoded to it").wait_for()
    return key_times(page, slider, DECODED)


def opened_page(browser: Browser, address: str) -> Page:
    """A page of the app."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    return page


def key_times(page: Page, slider: Locator, seen: str) -> str:
    """Median and longest time from a key on a slider until what is seen has changed.

    Args:
        page: The page, which is closed afterwards.
        slider: The slider.
        seen: JavaScript function that returns a text of what is seen.
    """
    times = []
    for _ in range(ROUNDS):
        before = page.evaluate(seen)
        started = time.perf_counter()
        slider.press("ArrowRight")
        page.wait_for_function(f"before => ({seen})() !== before", arg=before)
        times.append(time.perf_counter() - started)
    page.close()
    return f"{1000 * statistics.median(times):.0f} ms, worst {1000 * max(times):.0f} ms"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
