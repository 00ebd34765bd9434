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

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from cae_core import zoo
from cae_core.data.samples import SAMPLE_CHECK, sample_check_images
from cae_core.images.color import lightness_of, rgb_within_gamut
from cae_core.images.decoding import open_image
from cae_core.images.metrics import color_figures
from cae_core.images.operations import as_image, to_uint8
from cae_core.models.colorizer import build_colorizer
from cae_core.photos.colorizing import WORKING, full_size_ab, guess_probabilities
from cae_core.recipes.bsds500 import read_photographs
from cae_core.recipes.color_photographs import (
    SHARES,
    VALIDATION_EVERY,
    Group,
    central_square,
    random_square,
    split,
)
from cae_core.recipes.colorizer_training import DROPOUT, class_weights, train_session
from cae_core.recipes.command_line import save_measured, session_parser
from cae_core.recipes.measuring import color_rows
from cae_core.recipes.weight_files import HALF_BITS, round_to_half
from cae_core.training.history import read_history
from cae_core.zoo.cards import UNMEASURED

FOLDER = Path(__file__).resolve().parent
SIDE = 128
BATCH_SIZE = 16
STEPS_PER_EPOCH = 400
WEIGHED_IMAGES = 1_000
TRIED_PHOTOS = 20
TEST_SET = "BSDS500 val"


class Crops(keras.utils.PyDataset):
    """Random squares of photographs, mirrored, at random scales; the target is not used.

    Args:
        groups: The photographs.
        seed: Of everything random.
    """

    def __init__(self, groups: list[Group], seed: int) -> None:
        super().__init__()
        self.groups = groups
        self.random = np.random.default_rng(seed)

    def __len__(self) -> int:
        return STEPS_PER_EPOCH

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return np.stack([self.crop() for _ in range(BATCH_SIZE)]), np.zeros(BATCH_SIZE)

    def crop(self) -> np.ndarray:
        """One square, uint8 (SIDE, SIDE, 3)."""
        return random_square(self.groups, SIDE, self.random)


def train(photos: Path, bsds: Path, minutes: float, peak: float, folder: Path, dtype: str) -> None:
    """One session."""
    rows = read_history(folder)
    done = int(rows[-1]["images"]) if rows else 0
    keras.utils.set_random_seed(done)  # another session draws other crops
    colorizer = build_colorizer(dtype=dtype, dropout=DROPOUT)
    own = folder / zoo.WEIGHTS
    colorizer.load_weights(own if own.exists() else FOLDER.parent / "colorize-classes" / own.name)
    groups, validation_groups = split(photos, bsds)
    validation = np.stack(
        [central_square(photo, SIDE) for group in validation_groups for photo in group.photos]
    )
    crops = Crops(groups, seed=done)
    weights = class_weights(np.stack([crops.crop() for _ in range(WEIGHED_IMAGES)]))
    train_session(colorizer, crops, validation, weights, folder, minutes=minutes, peak=peak)


def try_sizes(photos: Path) -> None:
    """Prints figures of several working sizes on validation photographs."""
    found = [
        to_uint8(open_image(path))
        for name in SHARES
        for path in sorted((photos / name).glob("*.jpg"))[::VALIDATION_EVERY][:TRIED_PHOTOS]
    ]
    network, working = zoo.load(FOLDER.name), WORKING[zoo.COLORIZER]
    for side in (64, 96, 128, 160, 192, 224):
        pairs = []
        for photo in found:
            lightness = lightness_of(as_image(photo))
            ab = guess_probabilities(network, lightness, working._replace(side=side)).at()
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
    photographs = read_photographs(sorted((bsds / "val").glob("*.jpg")))

    def figures() -> list[dict[str, Any]]:
        sets = {TEST_SET: photographs, SAMPLE_CHECK: sample_check_images()}
        plain = color_rows("colorize-chroma", {TEST_SET: photographs})[0]
        plain["condition"] = "colorize-chroma applied in the same way"
        return [*color_rows(card.name, sets), plain]

    for row in save_measured(card, FOLDER, figures).figures:
        print(row)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = session_parser(FOLDER, __doc__, ("train", "size", "card"), minutes=55, rate=2e-3)
    parser.add_argument("--photos", type=Path, required=True, help="folders of colour photographs")
    parser.add_argument("--bsds", type=Path, required=True, help="the folder BSDS500")
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
