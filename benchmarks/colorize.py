"""The colorizers side by side: figures of colour, speed, memory, in one run.

    CAE_DATA_DIR=... python benchmarks/colorize.py --photos BSDS500    # about 10 minutes, 2 cores
    python benchmarks/colorize.py                                      # speed only: a minute

On the 10,000 test images of CIFAR-10, and on the 100 photographs of BSDS500's val, which no
network was trained on: the same code and the same figures as in the networks' cards. Timings
belong to the machine they were taken on; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cae_core import zoo  # noqa: E402 - found through the line above
from cae_core.data.registry import load_dataset  # noqa: E402
from cae_core.images.decoding import open_image  # noqa: E402
from cae_core.images.operations import to_uint8  # noqa: E402
from cae_core.photos.colorizing import colorize  # noqa: E402
from cae_core.recipes.measuring import color_rows  # noqa: E402

COLUMNS = ("psnr", "ssim", "ab_rmse", "ciede2000", "colorfulness")
SIZES = ((512, 512), (3000, 4000))
REPEATS = 10
_PHOTO_COLORIZERS = ("colorize-chroma", zoo.PHOTO_COLORIZER, zoo.IMAGENET_COLORIZER)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="the folder BSDS500")
    parser.add_argument("--measure", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(speed(*options.measure)))
        return
    if os.environ.get("CAE_DATA_DIR"):
        images = load_dataset("cifar10").test
        print_figures(
            "CIFAR-10 test", images, ("colorize-rgb", "colorize-chroma", "colorize-classes")
        )
    if options.photos:
        names = sorted((options.photos / "val").glob("*.jpg"))
        photographs = [to_uint8(open_image(name)) for name in names]
        print_figures("BSDS500 val", photographs, _PHOTO_COLORIZERS)
    print_speed()


def print_figures(
    title: str, images: np.ndarray | list[np.ndarray], networks: tuple[str, ...]
) -> None:
    """A line for every network, and one for grey."""
    print(f"{title}, {len(images):,} images")
    print(f"{'':20}" + "".join(f"{column:>14}" for column in COLUMNS))
    grey: dict[str, float] = {}
    for name in networks:
        found, grey = color_rows(name, {title: images})
        print(f"{name:20}" + "".join(f"{found[column]:14g}" for column in COLUMNS), flush=True)
    print(f"{'grey':20}" + "".join(f"{grey[column]:14g}" for column in COLUMNS) + "\n")


def print_speed() -> None:
    """Time and memory of the default colorizer for two sizes, each in a process of its own."""
    print(f"{'':20}{'time':>10}{'memory added':>16}")
    for height, width in SIZES:
        arguments = ["--measure", str(height), str(width)]
        result = subprocess.run(
            [sys.executable, __file__, *arguments], capture_output=True, text=True, check=False
        )
        if result.returncode:
            raise SystemExit(result.stderr)
        seconds, megabytes = json.loads(result.stdout.splitlines()[-1])
        print(f"{f'{width} x {height}':20}{1000 * seconds:7,.0f} ms{megabytes:13,.0f} MB")


def speed(height: int, width: int) -> tuple[float, float]:
    """Median seconds, and memory added to what a loaded network takes."""
    colorize(np.zeros((64, 64), np.float32))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Soft shapes and grain: neither one colour nor noise.
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    image = 0.5 + 0.4 * np.sin(9 * rows + 7 * np.sin(5 * columns)).astype(np.float32)
    times = []
    for _ in range(REPEATS if height <= 1024 else 3):
        started = time.perf_counter()
        colorize(image)
        times.append(time.perf_counter() - started)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return statistics.median(times), (after - before) / 1024


if __name__ == "__main__":
    main()
