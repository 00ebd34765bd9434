"""How the photo colorizer was trained: first on CIFAR-10, then on photographs.

    python -m cae_core make photo-colorizer train --photos PHOTOS --bsds BSDS500 --minutes 55
    python -m cae_core make photo-colorizer size --photos PHOTOS --bsds BSDS500
    python -m cae_core make photo-colorizer card --photos PHOTOS --bsds BSDS500

`train` goes on from the checkpoint in its folder (``--out``, by default this one) where one is,
else from the weights there, else from those of colorize-classes. `size` tries working sizes on
the validation photographs. `card` rounds the weights of this folder, measures them on the 100
photographs of BSDS500's val, at which nothing else looks, and writes card.json.

PHOTOS has folders of colour photographs, every 20th of which is for validation; BSDS500 has
``train``, ``test`` and ``val``.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from cae_core import zoo
from cae_core.data.samples import SAMPLE_CHECK, sample_check_images
from cae_core.images.color import lightness_of, rgb_within_gamut
from cae_core.images.decoding import open_image
from cae_core.images.metrics import color_figures
from cae_core.images.operations import as_image, resize, to_uint8
from cae_core.models.colorizer import build_colorizer
from cae_core.photos.colorizing import full_size_ab, guess_ab
from cae_core.recipes.colorizer_training import DROPOUT, class_weights, train_session
from cae_core.recipes.measuring import color_rows
from cae_core.recipes.time_budget import add_session_arguments
from cae_core.recipes.weight_files import HALF_BITS, round_to_half
from cae_core.training.history import read_history
from cae_core.zoo.cards import UNMEASURED

FOLDER = Path(__file__).resolve().parent
SIDE = 128
BATCH_SIZE = 16
STEPS_PER_EPOCH = 400
VALIDATION_EVERY = 20
# Photographs are kept no larger than this: crops of 128 to this many pixels are shown.
LARGEST_SHORT_SIDE = 224
WEIGHED_IMAGES = 1_000
TRIED_PHOTOS = 20
TEST_SET = "BSDS500 val"


class Crops(keras.utils.PyDataset):
    """Random squares of photographs, mirrored, at random scales; the target is not used.

    Args:
        groups: Lists of photographs, and how often one of each is drawn.
        seed: Of everything random.
    """

    def __init__(self, groups: list[tuple[list[np.ndarray], float]], seed: int) -> None:
        super().__init__()
        self.groups = [photos for photos, _ in groups]
        self.shares = np.array([share for _, share in groups])
        self.random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return STEPS_PER_EPOCH

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return np.stack([self.crop() for _ in range(BATCH_SIZE)]), np.zeros(BATCH_SIZE)

    def crop(self) -> np.ndarray:
        """One square, uint8 (SIDE, SIDE, 3)."""
        photos = self.groups[self.random.choice(len(self.groups), p=self.shares)]
        photo = photos[self.random.integers(len(photos))]
        short = min(photo.shape[:2])
        side = int(self.random.integers(round(0.6 * short), short + 1))
        top, left = (self.random.integers(length - side + 1) for length in photo.shape[:2])
        square = photo[top : top + side, left : left + side]
        if self.random.integers(2):
            square = square[:, ::-1]
        return reduced(square, SIDE)


def reduced(photo: np.ndarray, short_side: int) -> np.ndarray:
    """A photograph with a shorter side of so many pixels, uint8."""
    height, width = photo.shape[:2]
    scale = short_side / min(height, width)
    return to_uint8(resize(photo, round(scale * height), round(scale * width)))


def central_square(photo: np.ndarray) -> np.ndarray:
    """The middle of a photograph, uint8 (SIDE, SIDE, 3)."""
    small = reduced(photo, SIDE)
    top, left = ((length - SIDE) // 2 for length in small.shape[:2])
    return small[top : top + SIDE, left : left + SIDE]


def read_photos(folder: Path) -> list[np.ndarray]:
    """All photographs of a folder that have colour, uint8, none larger than needed."""
    photos = [to_uint8(open_image(path)) for path in sorted(folder.glob("*.jpg"))]
    photos = [photo for photo in photos if np.ptp(photo.astype(int), axis=2).mean() > 2]
    return [
        photo if min(photo.shape[:2]) <= LARGEST_SHORT_SIDE else reduced(photo, LARGEST_SHORT_SIDE)
        for photo in photos
    ]


def split(photos: Path, bsds: Path) -> tuple[list[tuple[list[np.ndarray], float]], np.ndarray]:
    """Groups of training photographs, and the squares of the validation photographs.

    Flowers and pets are many and alike, so they are drawn less often than their number says.
    """
    shares = {"imagenet_sample": 0.4, "catsdogs": 0.15, "flowers": 0.15}
    groups, validation = [], []
    for name, share in shares.items():
        found = read_photos(photos / name)
        groups.append(([p for i, p in enumerate(found) if i % VALIDATION_EVERY], share))
        validation += found[::VALIDATION_EVERY]
    groups.append((read_photos(bsds / "train") + read_photos(bsds / "test"), 0.3))
    return groups, np.stack([central_square(photo) for photo in validation])


def train(photos: Path, bsds: Path, minutes: float, peak: float, folder: Path, dtype: str) -> None:
    """One session."""
    rows = read_history(folder)
    done = int(rows[-1]["images"]) if rows else 0
    keras.utils.set_random_seed(done)  # another session draws other crops
    colorizer = build_colorizer(dtype=dtype, dropout=DROPOUT)
    own = folder / zoo.WEIGHTS
    colorizer.load_weights(own if own.exists() else FOLDER.parent / "colorize-classes" / own.name)
    groups, validation = split(photos, bsds)
    crops = Crops(groups, seed=done)
    weights = class_weights(np.stack([crops.crop() for _ in range(WEIGHED_IMAGES)]))
    train_session(colorizer, crops, validation, weights, folder, minutes=minutes, peak=peak)


def try_sizes(photos: Path) -> None:
    """Prints figures of several working sizes on validation photographs."""
    found = [
        to_uint8(open_image(path))
        for name in ("imagenet_sample", "catsdogs", "flowers")
        for path in sorted((photos / name).glob("*.jpg"))[::VALIDATION_EVERY][:TRIED_PHOTOS]
    ]
    for side in (64, 96, 128, 160, 192, 224):
        pairs = []
        for photo in found:
            lightness = lightness_of(as_image(photo))
            ab = guess_ab(lightness, FOLDER.name, side).at()
            image, _ = rgb_within_gamut(lightness, full_size_ab(ab, lightness))
            pairs.append((image, as_image(photo)))
        print(side, color_figures(pairs), flush=True)


def write_card(bsds: Path) -> None:
    """Measures the kept weights on BSDS500's val and writes the card."""
    history = read_history(FOLDER)
    round_to_half(FOLDER / zoo.WEIGHTS, HALF_BITS)
    card = zoo.Card(
        name=FOLDER.name,
        title="Photo colorizer",
        summary=(
            "Guesses the colours of a grey photograph of any size. Says how probable every "
            "chrominance is; lightness is kept."
        ),
        source="Zhang, Isola & Efros, Colorful Image Colorization, ECCV 2016",
        network=zoo.COLORIZER,
        input_shape=(SIDE, SIDE, 1),
        dataset="",
        data=(
            "CIFAR-10 first; then about 970 photographs of ImageNet, 1,500 of cats and dogs, 4,317 "
            "of flowers, of each every 20th to validate, and BSDS500 train and test; BSDS500 val, "
            "100 photographs, to test"
        ),
        licence=(
            "CIFAR-10: no licence stated; ImageNet, cats and dogs, flowers: research use; BSDS500: "
            "non-commercial research and education"
        ),
        recipe="python -m cae_core make photo-colorizer train --photos PHOTOS --bsds BSDS500",
        seconds=history[-1]["seconds"],
        recipe_notes=(
            f"{history[-1]['images']:,.0f} squares of {SIDE}x{SIDE}, batch {BATCH_SIZE}, after the "
            "training of colorize-classes, on 2 cores beside other work; history.csv tells of "
            "every epoch."
        ),
        parameters=build_colorizer().count_params(),
        latent_size=None,
        noise_range=None,
        figures=UNMEASURED,
        sha256=zoo.sha256(FOLDER / zoo.WEIGHTS),
        kept=zoo.HALF,
    )
    card.save(FOLDER)  # first, for `colorize` asks the card which weights are right
    photographs = [to_uint8(open_image(path)) for path in sorted((bsds / "val").glob("*.jpg"))]
    rows = color_rows(card.name, {TEST_SET: photographs, SAMPLE_CHECK: sample_check_images()})
    plain = color_rows("colorize-chroma", {TEST_SET: photographs})[0]
    rows.append(plain | {"condition": "colorize-chroma applied in the same way"})
    dataclasses.replace(card, figures=tuple(rows)).save(FOLDER)
    for row in rows:
        print(row)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cae_core make photo-colorizer",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("command", choices=("train", "size", "card"))
    parser.add_argument("--photos", type=Path, required=True, help="folders of colour photographs")
    parser.add_argument("--bsds", type=Path, required=True, help="the folder BSDS500")
    add_session_arguments(parser, FOLDER, minutes=55, rate=2e-3)
    options = parser.parse_args(arguments)
    if options.command == "train":
        train(
            options.photos,
            options.bsds,
            options.minutes,
            options.rate,
            options.out,
            options.dtype,
        )
    elif options.command == "size":
        try_sizes(options.photos)
    else:
        write_card(options.bsds)


if __name__ == "__main__":
    main()
