"""The middle of photographs by our codec and by others: studies/compression.csv.

    python benchmarks/compression.py                       # the sample photographs
    python benchmarks/compression.py --bsds500 FOLDER      # and every fourth of CBSD68
    python benchmarks/compression.py --ladder              # networks and steps for the qualities

Then `python -m cae_core zoo --markdown > docs/results.md` prints the table.
"""

from __future__ import annotations

import argparse
import csv
import sys
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cae_core.compression.codec import compress_at_step, decompress  # noqa: E402 - found above
from cae_core.compression.comparison import Point, codecs, curve  # noqa: E402 - found above
from cae_core.data.cbsd68 import photographs  # noqa: E402
from cae_core.data.samples import PHOTOGRAPHS, sample_photograph  # noqa: E402
from cae_core.files import replacing  # noqa: E402
from cae_core.images.metrics import psnr  # noqa: E402
from cae_core.images.operations import middle, to_uint8  # noqa: E402
from cae_core.studies.tables import COMPRESSION, table_path  # noqa: E402

# The last one has the components of PCA by blocks.
SAMPLES = PHOTOGRAPHS[:-1]
EVERY = 4
SIDE = 256
# A network trained for rounding does best around step 16.
LADDER_STEPS = {
    **{f"photo-codec-{number}": range(11, 22) for number in range(1, 5)},
    "pca-1000": range(29, 33),
}


def main() -> None:
    """Prints and saves a line for every test set, codec and quality."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bsds500", type=Path, help=f"take every {EVERY}th of CBSD68 too")
    parser.add_argument("--ladder", action="store_true", help="print the best networks and steps")
    options = parser.parse_args()
    if options.ladder:
        print_ladder()
        return
    test_sets = {
        f"{len(SAMPLES)} sample photographs": [sample_photograph(file) for file in SAMPLES]
    }
    if options.bsds500:
        images = photographs(options.bsds500)[::EVERY]
        test_sets[f"{len(images)} photographs of CBSD68"] = images
    rows = [
        {"test_set": test_set, "codec": codec, **asdict(point)}
        for test_set, images in test_sets.items()
        for codec in codecs()
        for point in mean_curve([central(image) for image in images], codec)
    ]
    with replacing(table_path(COMPRESSION)) as partial, partial.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def print_ladder() -> None:
    """Prints bits and PSNR of networks and steps, a star where no other is better in fewer bits."""
    images = [central(sample_photograph(file)) for file in SAMPLES]
    points = []
    for name, steps in LADDER_STEPS.items():
        for step in steps:
            files = [compress_at_step(image, name, step) for image in images]
            bits = np.mean([8 * len(file) for file in files]) / SIDE**2
            pairs = zip(files, images, strict=True)
            quality = np.mean([psnr(decompress(file) / 255, image / 255) for file, image in pairs])
            points.append((bits, quality, name, step))
    best = 0.0
    for bits, quality, name, step in sorted(points):
        print(f"{bits:.4f} {quality:.2f} {name} {step}", "*" if quality > best else "")
        best = max(best, quality)


def central(photo: np.ndarray) -> np.ndarray:
    """The middle `SIDE` x `SIDE` pixels of a photograph, uint8."""
    return to_uint8(middle(photo, SIDE, SIDE))


def mean_curve(images: list[np.ndarray], codec: str) -> list[Point]:
    """The means over images at every quality."""
    found = [curve(image, codec) for image in images]
    means = [
        Point(
            *(
                round(float(np.mean([getattr(point, field.name) for point in points])), 4)
                for field in fields(Point)
            )
        )
        for points in zip(*found, strict=True)
    ]
    print(codec, *means, sep="\n", flush=True)
    return means


if __name__ == "__main__":
    main()
