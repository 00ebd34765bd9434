"""The denoisers side by side: quality on CBSD68, speed, memory, in one run.

    python benchmarks/denoise.py --photos BSDS500            # about 20 minutes on 2 cores
    python benchmarks/denoise.py --photos BSDS500 --pictures 8

Quality is measured as `cae_core.cbsd68` says. Each line of the speed table is a process of its
own, so that memory is its own as well. BM3D is measured where the package bm3d is installed (its
licence is for non-commercial use; it is no dependency). Timings belong to the machine they were
taken on; nothing here is asserted.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cae_core import cbsd68, zoo  # noqa: E402 - found through the line above
from cae_core.classical import CLASSICAL, denoise_classical  # noqa: E402
from cae_core.precision import has_fast_bfloat16  # noqa: E402
from cae_core.restore import denoise  # noqa: E402

Denoiser = Callable[[np.ndarray, float], np.ndarray]
BOTTLENECK = "homework-denoise"
PUBLISHED = {
    "CBM3D, published": (33.52, 30.71, 27.38),
    "DnCNN, published": (33.90, 31.24, 27.95),
    "FFDNet, published": (33.87, 31.21, 27.96),
    "DRUNet, published": (34.30, 31.69, 28.51),
}
REPEATS = 20


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="the folder BSDS500; no quality without it")
    parser.add_argument("--pictures", type=int, default=68, help="only the first so many of CBSD68")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        height, width, precision = options.measure
        print(json.dumps(speed(int(height), int(width), precision)))
        return
    if options.photos:
        print_quality(cbsd68.photographs(options.photos)[: options.pictures])
    print_speed()


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


def print_quality(pictures: list[np.ndarray]) -> None:
    """Mean PSNR of every method at every level, published ones below."""
    print(f"PSNR in dB, CBSD68 ({len(pictures)} pictures), noise not clipped")
    print(f"{'':34}" + "".join(f"{f'sigma {units}':>10}" for units in cbsd68.SIGMAS))
    for title, method in methods().items():
        values = [cbsd68.mean_psnr(method, pictures, units) for units in cbsd68.SIGMAS]
        print(f"{title:34}" + "".join(f"{value:10.2f}" for value in values), flush=True)
    for title, published in PUBLISHED.items():
        print(f"{title:34}" + "".join(f"{value:10.2f}" for value in published))


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
    picture = np.random.default_rng(0).random((height, width, 3), dtype=np.float32)
    denoise(picture[:64, :64], 0.1, precision=precision)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times, processor = [], []
    for _ in range(REPEATS if height <= 1024 else 2):
        started, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
        denoise(picture, 0.1, precision=precision)
        times.append(time.perf_counter() - started)
        processor.append(resource.getrusage(resource.RUSAGE_SELF).ru_utime - used)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return statistics.median(times), statistics.median(processor), (after - before) / 1024


if __name__ == "__main__":
    main()
