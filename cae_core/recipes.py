"""What the recipes in ``pretrained/`` have in common: train a network, measure it, write its card.

Importing this module does not import Keras; `make` does.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cae_core import zoo
from cae_core.architecture import Architecture
from cae_core.arithmetic import analyze
from cae_core.color_metrics import color_figures
from cae_core.config import TrainConfig
from cae_core.dataset import Dataset
from cae_core.datasets import load_dataset
from cae_core.progress import Progress
from cae_core.runs import history_csv
from cae_core.tasks import (
    CHROMA_SCALE,
    LUMA,
    ColorizeChroma,
    ColorizeRGB,
    Denoise,
    Task,
    task_to_dict,
)
from cae_core.zoo import WEIGHTS, Card, sha256

HISTORY = "history.csv"
CHECKPOINT = "checkpoint.npz"
BUNDLED_CHECK = "200 bundled patches"
_BATCH = 256
COLORIZED, GREY = "as cae.colorize gives it", "grey, nothing guessed"
LICENCES = {
    "cifar10": "CIFAR-10 (Krizhevsky, 2009), no licence stated",
    "mnist": "MNIST (LeCun et al., 1998), no licence stated",
    "fashion_mnist": "Fashion-MNIST (Zalando, 2017), MIT licence",
}


@dataclass(frozen=True)
class Recipe:
    """One network of the zoo and how it is made.

    Attributes:
        title: What people call it.
        summary: What it is for, in one or two sentences.
        source: Paper or document that it follows.
        architecture: The network.
        task: What it learns.
        config: How.
        tests: Name of every condition it is measured under, and the task that makes it.
        dataset: The data set's name.
        notes: What else is worth knowing.
    """

    title: str
    summary: str
    source: str
    architecture: Architecture
    task: Task
    config: TrainConfig
    tests: Mapping[str, Task]
    dataset: str = "cifar10"
    notes: str = ""


def make(recipe: Recipe, folder: Path) -> Card:
    """Trains a network and leaves weights, losses and card in its folder.

    Goes on from the folder's checkpoint where a training was interrupted.

    Args:
        recipe: What to make.
        folder: The network's folder in ``pretrained/``; its name is the network's.

    Returns:
        The card that was written.
    """
    from cae_core.training import train

    data = load_dataset(recipe.dataset, seed=recipe.config.seed)
    run = train(
        recipe.architecture,
        data,
        task=recipe.task,
        config=recipe.config,
        on_progress=_print_progress,
        checkpoint=folder / CHECKPOINT,
    )
    run.model.save_weights(folder / WEIGHTS)
    (folder / HISTORY).write_text(history_csv(run.history))
    card = write_card(recipe, folder, data)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return card


def write_card(recipe: Recipe, folder: Path, data: Dataset) -> Card:
    """Measures the weights of a folder and writes their card.

    Args:
        recipe: What they were made by.
        folder: Where weights and history are, and the card will be.
        data: Pictures of the recipe's data set.

    Returns:
        The card that was written.
    """
    from cae_core.build import build
    from cae_core.training import evaluate

    model = build(recipe.architecture)
    model.load_weights(folder / WEIGHTS)
    report = analyze(recipe.architecture)
    test_sets = _test_sets(recipe, data)
    figures: list[dict[str, Any]] = [
        {
            "test_set": test_set,
            "condition": condition,
            "task": task_to_dict(task),
            **rounded(evaluate(model, pictures, task)),
        }
        for test_set, pictures in test_sets.items()
        for condition, task in recipe.tests.items()
    ]
    card = Card(
        name=folder.name,
        title=recipe.title,
        summary=recipe.summary,
        source=recipe.source,
        network=str(recipe.architecture),
        input_shape=recipe.architecture.input_shape,
        data=(
            f"{recipe.dataset}: {len(data.train):,} pictures to train, "
            f"{len(data.validation):,} to validate, {len(data.test):,} to test"
        ),
        licence=LICENCES[recipe.dataset],
        recipe=f"CAE_DATA_DIR=... python pretrained/{folder.name}/recipe.py",
        seconds=_seconds(folder),
        recipe_notes=f"{recipe.task}; {recipe.config}. {recipe.notes}".strip(),
        parameters=report.parameters,
        code_size=report.latent_size,
        noise_range=recipe.task.sigma_range if isinstance(recipe.task, Denoise) else None,
        figures=tuple(figures),
        sha256=sha256(folder / WEIGHTS),
    )
    card.save(folder)
    if isinstance(recipe.task, ColorizeRGB | ColorizeChroma):
        card = dataclasses.replace(card, figures=(*figures, *color_rows(card.name, test_sets)))
        card.save(folder)
    return card


def color_rows(
    name: str, test_sets: Mapping[str, np.ndarray | list[np.ndarray]]
) -> list[dict[str, Any]]:
    """Figures of colour of a network of the zoo, as `cae_core.colorize` applies it, and of grey.

    Args:
        name: The network's; its card and weights are in their folder.
        test_sets: uint8 pictures (N, H, W, 3), or lists of them, by the name of the set.

    Returns:
        Two rows of a card for every set.
    """
    from cae_core.colorization import grey_of

    rows = []
    for test_set, pictures in test_sets.items():
        recolored = {COLORIZED: _recolored(name, pictures), GREY: map(grey_of, pictures)}
        for condition, results in recolored.items():
            originals = (picture / np.float32(255) for picture in pictures)
            pairs = zip(results, originals, strict=True)
            rows.append({"test_set": test_set, "condition": condition, **color_figures(pairs)})
    return rows


def _recolored(name: str, pictures: np.ndarray | list[np.ndarray]) -> Iterator[np.ndarray]:
    """Every picture as `colorize` gives it.

    Those of a network's own size go through it in batches: the same, many times faster.
    """
    from cae_core.colorization import colorize, learns_rgb
    from cae_core.gamut import lightness_of, rgb_within_gamut

    known = zoo.card(name)
    if (
        known.architecture is None
        or not isinstance(pictures, np.ndarray)
        or pictures.shape[1:3] != known.input_shape[:2]
    ):
        yield from (colorize(picture, name) for picture in pictures)
        return
    network = zoo.load(name)
    for start in range(0, len(pictures), _BATCH):
        batch = pictures[start : start + _BATCH] / np.float32(255)
        if learns_rgb(name):
            grey = batch @ np.array(LUMA, np.float32)
            yield from np.clip(network.predict_on_batch(grey[..., np.newaxis]), 0, 1)
            continue
        lightness = np.stack([lightness_of(picture) for picture in batch])
        chroma = CHROMA_SCALE * network.predict_on_batch(lightness[..., np.newaxis] / 100)
        for pair in zip(lightness, chroma, strict=True):
            yield rgb_within_gamut(*pair)[0]


def _seconds(folder: Path) -> int:
    """How long a training took, by its history."""
    with (folder / HISTORY).open(newline="") as file:
        return round(sum(float(row["seconds"]) for row in csv.DictReader(file)))


def _test_sets(recipe: Recipe, data: Dataset) -> dict[str, np.ndarray]:
    """The data set's test part, and a few pictures that are always there to check against."""
    sets = {f"{recipe.dataset} test": data.test}
    if data.image_shape[2] == 3:
        sets[BUNDLED_CHECK] = bundled_check_pictures()
    return sets


def bundled_check_pictures() -> np.ndarray:
    """200 patches of the photographs that come with the app, uint8 (200, 32, 32, 3)."""
    return load_dataset("photo_patches").test[:200]


def rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Test figures with the digits that mean something."""
    digits = {"mse": 6, "mae": 5, "psnr": 2, "ssim": 4, "images": 0}
    return {
        name: int(value) if name == "images" else round(value, digits[name])
        for name, value in figures.items()
    }


def run_recipe(recipe: Recipe, file: str) -> None:
    """The command line of a recipe: makes it in the folder where it stands.

    Args:
        recipe: What to make.
        file: The recipe's ``__file__``.
    """
    parser = argparse.ArgumentParser(description=recipe.summary)
    parser.add_argument("--card", action="store_true", help="only measure, and write the card")
    folder = Path(file).resolve().parent
    if parser.parse_args().card:
        data = load_dataset(recipe.dataset, seed=recipe.config.seed)
        card = write_card(recipe, folder, data)
    else:
        card = make(recipe, folder)
    for row in card.figures:
        sys.stdout.write(f"{row}\n")


def _print_progress(progress: Progress) -> None:
    """A line per epoch on stderr."""
    if progress.batch == progress.batches and progress.history and not progress.is_testing:
        sys.stderr.write(f"{progress}\n")
