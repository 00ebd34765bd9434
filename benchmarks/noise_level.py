"""The noise level of photographs, estimated in three ways, side by side.

    python benchmarks/noise_level.py --photos FOLDER            # 6 minutes on an idle core
    python benchmarks/noise_level.py --photos FOLDER --every 6  # 1 minute

FOLDER is BSDS500: folders train and val, and cbsd68.txt with the names of the photographs of
CBSD68. All in units of 1/255. Of each way: the mean error, the root mean square error, and the
largest error.

"ours" is `cae_core.estimate_sigma`. "wavelet" is scikit-image's estimate_sigma (the median of
Daubechies-2 wavelet coefficients, the mean over channels). "Laplacian" is Immerkær's
mask with a median (over all channels).
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SIGMAS = (0, 5, 10, 15, 25, 50, 100)
TRAIN_EVERY = 20  # of the 200 training photographs, as a second sample
MEDIAN_OF_NORMAL = 0.67449


def gradient(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """A smooth gradient, values of 255; `down` and `across` are shares of the image's sides."""
    return 90 + 60 * down + 30 * across


def dithered(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Two neighbouring values, mixed by chance."""
    return np.floor(127 + 0.8 * down + np.random.default_rng(0).random(across.shape))


def grained(down: np.ndarray, across: np.ndarray) -> np.ndarray:
    """A slight grain, such as that of paper."""
    return 150 + np.random.default_rng(0).standard_normal(across.shape)


QUIET = {"gradient": gradient, "dithered": dithered, "grain of 1": grained}


def with_quiet_third(
    area: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> Callable[[np.ndarray], np.ndarray]:
    """Replaces the upper third of an image, and rounds it to bytes."""
    from cae_core.images.operations import to_uint8

    def replaced(image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        down, across = np.mgrid[0:height, 0:width] / np.array((height, width)).reshape(2, 1, 1)
        values = area(down, across)[: height // 3] / 255
        result = image.copy()
        result[: height // 3] = values if image.ndim == 2 else values[..., np.newaxis]
        return to_uint8(result)

    return replaced


def main() -> None:
    """Measures and prints."""
    from cae_core.images.decoding import open_image
    from cae_core.images.operations import to_uint8
    from cae_core.photos.noise_level import estimate_sigma

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="the folder of BSDS500")
    parser.add_argument("--every", type=int, default=1, help="take every n-th photograph only")
    options = parser.parse_args()
    estimators = {"ours": estimate_sigma, "wavelet": wavelet, "Laplacian": laplacian}

    def as_it_is(image: np.ndarray) -> np.ndarray:
        return image

    names = (options.photos / "cbsd68.txt").read_text().split()
    cbsd68 = [open_image(options.photos / name) for name in names[:: options.every]]
    files = sorted((options.photos / "train").glob("*.jpg"))
    train = [open_image(file) for file in files[:: TRAIN_EVERY * options.every]]
    levels = [(f"sigma {sigma}", sigma, as_it_is, as_it_is) for sigma in SIGMAS]
    clipped = [(f"sigma {sigma}", sigma, as_it_is, to_uint8) for sigma in SIGMAS]
    saved = [
        ("JPEG 50, nothing added", 0, jpeg(50), as_it_is),
        ("JPEG 50, then sigma 5", 5, jpeg(50), as_it_is),
        ("JPEG 50, then sigma 15", 15, jpeg(50), as_it_is),
        ("sigma 5, then JPEG 95", 5, as_it_is, jpeg(95)),
        ("sigma 15, then JPEG 90", 15, as_it_is, jpeg(90)),
        ("sigma 15, then JPEG 75", 15, as_it_is, jpeg(75)),
    ]
    beside = [
        (f"sigma {sigma}, {what}", sigma, as_it_is, with_quiet_third(area))
        for what, area in QUIET.items()
        for sigma in (5, 25, 50)
    ]
    for title, photos, cases in (
        ("CBSD68, not clipped", cbsd68, levels),
        ("CBSD68, clipped and rounded to bytes", cbsd68, clipped),
        ("CBSD68, saved as JPEG", cbsd68, saved),
        ("CBSD68, a third of each replaced by an area without that noise", cbsd68, beside),
        ("BSDS500 train, not clipped", train, levels),
    ):
        for kind in ("colour", "grey"):
            print(f"\n{title}, {kind}, {len(photos)} photographs")
            print(" " * 24 + "".join(f"{name:^24}" for name in estimators))
            for case, sigma, before, after in cases:
                errors = {name: [] for name in estimators}
                for noisy in noisy_photos(photos, kind, sigma, before, after):
                    for name, estimate in estimators.items():
                        errors[name].append(255 * estimate(noisy) - sigma)
                cells = (summary(np.array(errors[name])) for name in estimators)
                print(f"{case:<24}" + "".join(cells), flush=True)
    print()
    print(*timings(estimators), sep="\n")


def noisy_photos(
    photos: list[np.ndarray],
    kind: str,
    sigma: float,
    before: Callable[[np.ndarray], np.ndarray],
    after: Callable[[np.ndarray], np.ndarray],
) -> Iterator[np.ndarray]:
    """The photographs with noise, and with what happens to them before and after."""
    for seed, photo in enumerate(photos):
        clean = photo if kind == "colour" else photo @ np.array([0.299, 0.587, 0.114], np.float32)
        noise = np.random.default_rng(seed).standard_normal(clean.shape, dtype=np.float32)
        yield after(before(clean) + np.float32(sigma / 255) * noise)


def jpeg(quality: int) -> Callable[[np.ndarray], np.ndarray]:
    """Saves and opens an image as JPEG."""
    from cae_core.images.encoding import encode_jpeg

    def saved(image: np.ndarray) -> np.ndarray:
        with Image.open(io.BytesIO(encode_jpeg(image, quality))) as photo:
            return np.asarray(photo, np.float32) / np.float32(255)

    return saved


def summary(errors: np.ndarray) -> str:
    """Mean, root mean square and largest error."""
    root_mean_square = np.sqrt(np.mean(errors**2))
    return f"{errors.mean():+8.2f}{root_mean_square:7.2f}{np.abs(errors).max():7.1f}  "


def wavelet(image: np.ndarray) -> float:
    """scikit-image's estimate, the mean over channels."""
    from skimage.restoration import estimate_sigma

    return float(estimate_sigma(as_planes(image), average_sigmas=True, channel_axis=-1))


def laplacian(image: np.ndarray) -> float:
    """Median of a Laplacian that is blind to edges."""
    planes = as_planes(image)
    rows = planes[:-2] - 2 * planes[1:-1] + planes[2:]
    filtered = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    return float(np.median(np.abs(filtered)) / (6 * MEDIAN_OF_NORMAL))


def as_planes(image: np.ndarray) -> np.ndarray:
    """H×W or H×W×C -> H×W×C, float."""
    planes = np.atleast_3d(image)
    return planes / np.float32(255) if planes.dtype == np.uint8 else planes


def timings(estimators: dict[str, Callable[[np.ndarray], float]]) -> Iterator[str]:
    """Seconds for an image of 12 megapixels."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (3000, 4000, 3), dtype=np.uint8)
    for name, estimate in estimators.items():
        started = time.perf_counter()
        estimate(image)
        yield f"{name}, 12 megapixels: {time.perf_counter() - started:.2f} s"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
