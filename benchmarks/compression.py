"""Photographs by our codec, and by JPEG and WebP in as many bytes: studies/compression.csv.

    python benchmarks/compression.py                    # the sample photographs, about 5 minutes
    CAE_DATA_DIR=... python benchmarks/compression.py   # and those in CAE_DATA_DIR/kodak

Then `python -m cae_core zoo --markdown > docs/results.md` prints the table.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cae_core.compression.codec import QUALITIES  # noqa: E402 - found through the line above
from cae_core.compression.comparison import CAE, JPEG, WEBP, compare  # noqa: E402
from cae_core.data.samples import PHOTOGRAPHS, photograph_path  # noqa: E402
from cae_core.files import replacing  # noqa: E402
from cae_core.images.decoding import IMAGE_SUFFIXES, open_image  # noqa: E402
from cae_core.images.operations import to_uint8  # noqa: E402
from cae_core.studies import tables  # noqa: E402

SAMPLES = "sample photographs"


def main() -> None:
    """Prints and saves a line for every test set and quality."""
    test_sets = {SAMPLES: [photograph_path(file) for file in PHOTOGRAPHS]}
    kodak = Path(os.environ.get("CAE_DATA_DIR", ""), "kodak")
    if kodak.is_dir():
        test_sets["kodak"] = [
            path for path in sorted(kodak.iterdir()) if path.suffix.lower() in IMAGE_SUFFIXES
        ]
    rows = [row(name, paths, quality) for name, paths in test_sets.items() for quality in QUALITIES]
    with (
        replacing(tables.table_path(tables.COMPRESSION)) as partial,
        partial.open("w", newline="") as file,
    ):
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def row(name: str, paths: list[Path], quality: int) -> dict[str, object]:
    """Means over the photographs of a test set."""
    found = [compare(to_uint8(open_image(path)), quality) for path in paths]
    values: dict[str, object] = {"test_set": name, "images": len(paths), "quality": quality}
    for place, codec in enumerate((CAE, JPEG, WEBP)):
        of_codec = [results[place] for results in found]
        for label, decimals in (("bits_per_pixel", 3), ("psnr", 2), ("ssim", 4)):
            mean = np.mean([getattr(one, label) for one in of_codec])
            values[f"{codec} {label}"] = round(float(mean), decimals)
    print(values, flush=True)
    return values


if __name__ == "__main__":
    main()
