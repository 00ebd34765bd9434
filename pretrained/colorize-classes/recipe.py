"""How the CIFAR-10 colorizer was trained: lightness to a probability for every chrominance.

    python -m cae_core make colorize-classes train --minutes 25
    python -m cae_core make colorize-classes vividness
    python -m cae_core make colorize-classes card

`train` goes on from the checkpoint in its folder (``--out``, by default this one) where one is,
else from the weights there, else from a random start. `vividness` prints figures of several
temperatures and factors of the annealed mean on validation images. `card` measures the weights
of this folder and writes card.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from cae_core import zoo
from cae_core.data.registry import load_dataset
from cae_core.data.samples import SAMPLE_CHECK, sample_check_images
from cae_core.images.color import lightness_of, rgb_within_gamut
from cae_core.images.metrics import color_figures
from cae_core.images.operations import as_image
from cae_core.models.ab_bins import VIVIDNESS
from cae_core.models.colorizer import build_colorizer
from cae_core.photos.colorizing import full_size_ab, grey_of, guess_ab
from cae_core.recipes.augmentation import MovedBatches
from cae_core.recipes.colorizer_training import DROPOUT, class_weights, train_session
from cae_core.recipes.command_line import save_measured, session_parser
from cae_core.recipes.measuring import color_rows
from cae_core.recipes.recipe import licence_of
from cae_core.training.history import read_history
from cae_core.zoo.cards import UNMEASURED

FOLDER = Path(__file__).resolve().parent
BATCH_SIZE = 128
WEIGHED_IMAGES, TRIED_IMAGES = 10_000, 1_200
# How far an image is moved at most, in pixels.
MARGIN = 4


def train(minutes: float, peak: float, folder: Path, dtype: str) -> None:
    """One session."""
    rows = read_history(folder)
    done = int(rows[-1]["images"]) if rows else 0
    keras.utils.set_random_seed(done)  # another session draws other images
    colorizer = build_colorizer(dtype=dtype, dropout=DROPOUT)
    if (folder / zoo.WEIGHTS).exists():
        colorizer.load_weights(folder / zoo.WEIGHTS)
    data = load_dataset("cifar10")
    train_session(
        colorizer,
        MovedBatches(data.train, np.zeros(len(data.train)), BATCH_SIZE, margin=MARGIN, seed=done),
        data.validation,
        class_weights(data.train[:WEIGHED_IMAGES]),
        folder,
        minutes=minutes,
        peak=peak,
    )


def try_vividness() -> None:
    """Prints figures of several temperatures and factors on validation images."""
    images = load_dataset("cifar10").validation[:TRIED_IMAGES]
    guesses = []
    for image in images:
        lightness = lightness_of(as_image(image))
        guesses.append((guess_ab(lightness, FOLDER.name), lightness, as_image(image)))
    for temperature in (0.15, 0.25, 0.38):
        for vividness in (1.0, 1.2, 1.3, 1.4):
            share = vividness / VIVIDNESS  # the annealed mean has the chosen one in it
            pairs = (
                (
                    rgb_within_gamut(known, share * full_size_ab(guess.at(temperature), known))[0],
                    original,
                )
                for guess, known, original in guesses
            )
            print(temperature, vividness, color_figures(pairs), flush=True)
    grey = ((grey_of(original), original) for _, _, original in guesses)
    print("grey", color_figures(grey))


def write_card() -> None:
    """Measures the kept weights on CIFAR-10's test part and writes the card."""
    history = read_history(FOLDER)
    card = zoo.Card(
        name=FOLDER.name,
        title="Colorizer of CIFAR-10, probabilities",
        summary=(
            "Lightness in, a probability for every chrominance out, rare ones weighted up: it may "
            "choose a colour where a mean would be brown."
        ),
        source="Zhang, Isola & Efros, Colorful Image Colorization, ECCV 2016",
        network=zoo.COLORIZER,
        input_shape=(32, 32, 1),
        dataset="cifar10",
        data="cifar10: 45,000 images to train, 5,000 to validate, 10,000 to test",
        licence=licence_of("cifar10"),
        recipe="python -m cae_core make colorize-classes train",
        seconds=history[-1]["seconds"],
        recipe_notes=(
            f"{history[-1]['images']:,.0f} images, batch {BATCH_SIZE}, on 2 cores beside other "
            "work; history.csv tells of every epoch."
        ),
        parameters=build_colorizer().count_params(),
        latent_size=None,
        noise_range=None,
        figures=UNMEASURED,
        sha256=zoo.sha256(FOLDER / zoo.WEIGHTS),
    )
    sets = {"cifar10 test": load_dataset("cifar10").test, SAMPLE_CHECK: sample_check_images()}
    for row in save_measured(card, FOLDER, lambda: color_rows(card.name, sets)).figures:
        print(row)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = session_parser(FOLDER, __doc__, ("train", "vividness", "card"), minutes=25, rate=3e-3)
    options = parser.parse_args(arguments)
    if options.command == "train":
        train(options.minutes, options.rate, options.out, options.dtype)
    elif options.command == "vividness":
        try_vividness()
    else:
        write_card()


if __name__ == "__main__":
    main()
