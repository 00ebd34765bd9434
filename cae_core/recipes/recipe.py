"""What the recipes in ``pretrained/`` have in common: train a network, measure it, write its card.

Importing this module does not import Keras; `make` and `write_card` do.
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
from cae_core.architecture.notation import Architecture
from cae_core.architecture.presets import get_preset
from cae_core.architecture.report import analyze
from cae_core.data.dataset import Dataset
from cae_core.data.registry import load_dataset, load_labels
from cae_core.data.samples import sample_check_images, sample_check_name
from cae_core.images.metrics import color_figures
from cae_core.recipes.strategies import SINGLE_FIT, Strategy, Training
from cae_core.training.config import TrainConfig
from cae_core.training.learning_rate import LearningRateTest
from cae_core.training.runs import history_csv
from cae_core.training.tasks import (
    AB_SCALE,
    LUMA,
    ColorizeChroma,
    ColorizeRGB,
    Denoise,
    Reconstruct,
    Task,
    task_to_dict,
)
from cae_core.zoo.cards import (
    HALF,
    IMAGES,
    LEARNING_RATE,
    NOT_KEPT,
    SINGLE,
    WEIGHTS,
    Card,
    sha256,
)
from cae_core.zoo.judge import ACCURACY, JUDGES, judge_accuracy

HISTORY = "history.csv"
RANGE_TEST = "The learning rate is a range test's, from random weights and on plain MSE."
UNKEPT_WEIGHTS = "unkept.weights.h5"  # git does not see it
_BATCH = 256
_IMAGES = 12
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
        preset: The source's network that it is, or stands in for; empty where it is our own.
        difference: Why the measured figures differ from the published ones, in a line.
        strategy: How it is trained, see `cae_core.recipes.strategies`.
        finds_rate: Whether a learning-rate range test chooses the rate.
        highest_rate: Where that test ends.
        kept: How its weights are kept, see `cae_core.zoo.cards.Card`.
        command: What makes it, where that is not the recipe in its folder alone.
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
    preset: str = ""
    difference: str = ""
    strategy: Strategy = SINGLE_FIT
    finds_rate: bool = False
    highest_rate: float = 1.0
    kept: str = SINGLE
    command: str = ""


def source_recipe(
    preset_id: str,
    *,
    summary: str,
    difference: str = "",
    epochs: int | None = None,
    title: str = "",
    dataset: str = "",
    notes: str = "",
    strategy: Strategy | None = None,
    architecture: Architecture | None = None,
    finds_rate: bool = False,
    highest_rate: float = 1.0,
    kept: str = SINGLE,
    **settings: Any,
) -> Recipe:
    """A network of the source documents, trained as its source says.

    Args:
        preset_id: Which; see `cae_core.architecture.presets`.
        summary: What it is for, in one or two sentences.
        difference: Why the measured figures differ from the published ones, in a line.
        epochs: Another number of epochs than the source's.
        title: Another title than the preset's.
        dataset: Another data set than the source's.
        notes: What else is worth knowing.
        strategy: How it is trained, where that is more than a fit.
        architecture: Another network than the preset's, for a row that stands in for it.
        finds_rate: Whether a learning-rate range test chooses the rate.
        highest_rate: Where that test ends.
        kept: How its weights are kept, see `cae_core.zoo.cards.Card`.
        **settings: Further settings of `TrainConfig`; by default Adam at a constant 0.001,
            which is what the sources' libraries do when nothing is said.
    """
    preset = get_preset(preset_id)
    # What stands in for a source's network is not what the source's remark is about.
    remark = preset.remark if architecture is None and strategy is None else ""
    chosen: dict[str, Any] = {
        "learning_rate": 1e-3,
        "schedule": "constant",
        "batch_size": preset.batch_size,
    }
    task: Task = Reconstruct() if preset.sigma is None else Denoise(sigma=preset.sigma)
    tests: dict[str, Task] = {}
    if preset.sigma is not None:
        tests[f"sigma {preset.sigma}, not clipped"] = task
    tests["reconstruction" if preset.sigma is None else "clean-through"] = Reconstruct()
    return Recipe(
        title=title or preset.title,
        summary=summary,
        source=preset.source.title,
        architecture=architecture or preset.architecture,
        task=task,
        config=TrainConfig(epochs=epochs or preset.epochs, **(chosen | settings)),
        tests=tests,
        dataset=dataset or preset.dataset,
        notes=" ".join(filter(None, (remark, RANGE_TEST if finds_rate else "", notes))),
        preset=preset_id,
        difference=difference,
        strategy=strategy or SINGLE_FIT,
        finds_rate=finds_rate,
        highest_rate=highest_rate,
        kept=kept,
    )


def make(recipe: Recipe, folder: Path) -> Card:
    """Trains a network and leaves weights, losses and card in its folder.

    Goes on from the folder's checkpoint where a training was interrupted.

    Args:
        recipe: What to make.
        folder: The network's folder in ``pretrained/``; its name is the network's.

    Returns:
        The card that was written.
    """
    data = load_dataset(recipe.dataset, seed=recipe.config.seed)
    recipe = with_tested_rate(recipe, data, folder)
    training = Training(recipe.architecture, data, recipe.task, recipe.config, folder)
    runs = recipe.strategy.train(training)
    records = [record for run in runs for record in run.history]
    history = tuple(
        dataclasses.replace(record, epoch=epoch) for epoch, record in enumerate(records, start=1)
    )
    (folder / HISTORY).write_text(history_csv(history))
    runs[-1].model.save_weights(_weights_path(recipe, folder))
    card = write_card(recipe, folder, data)
    recipe.strategy.clean_up(folder)
    return card


def with_tested_rate(recipe: Recipe, data: Dataset, folder: Path) -> Recipe:
    """The recipe with the learning rate that its range test suggests, where it wants one.

    Args:
        recipe: What to make.
        data: What the test trains on.
        folder: Where the test's result is kept, and is found by the next session.
    """
    if not recipe.finds_rate:
        return recipe
    from cae_core.training.learning_rate import find_learning_rate

    path = folder / LEARNING_RATE
    if not path.exists():
        test = find_learning_rate(
            recipe.architecture,
            data,
            task=recipe.task,
            config=recipe.config,
            highest=recipe.highest_rate,
        )
        path.write_text(test.to_json() + "\n")
    return with_kept_rate(recipe, folder)


def with_kept_rate(recipe: Recipe, folder: Path) -> Recipe:
    """The recipe with the learning rate that was suggested when it was trained.

    Args:
        recipe: What was made.
        folder: Where the test's result is kept.

    Raises:
        ValueError: Where the test shows no rate.
    """
    if not recipe.finds_rate:
        return recipe
    test = LearningRateTest.from_json((folder / LEARNING_RATE).read_text())
    if test.suggestion is None:
        raise ValueError(f"The learning-rate range test of {folder.name} shows none: {test.reason}")
    config = dataclasses.replace(recipe.config, learning_rate=test.suggestion)
    return dataclasses.replace(recipe, config=config)


def write_card(recipe: Recipe, folder: Path, data: Dataset) -> Card:
    """Measures the weights of a folder and writes their card.

    Args:
        recipe: What they were made by.
        folder: Where weights and history are, and the card will be.
        data: Images of the recipe's data set.

    Returns:
        The card that was written.
    """
    from cae_core.models.builder import build
    from cae_core.recipes.weight_files import round_to_half

    weights = _weights_path(recipe, folder)
    if recipe.kept == HALF:
        round_to_half(weights)
    model = build(recipe.architecture)
    model.load_weights(weights)
    test_sets = _test_sets(recipe, data)
    figures = [
        {"test_set": test_set, "condition": condition, **row}
        for test_set, images in test_sets.items()
        for condition, row in _figures(recipe, model, images, test_set).items()
    ]
    report = analyze(recipe.architecture)
    card = Card(
        name=folder.name,
        **_words(recipe),
        network=str(recipe.architecture),
        input_shape=recipe.architecture.input_shape,
        data=(
            f"{recipe.dataset}: {len(data.train):,} images to train, "
            f"{len(data.validation):,} to validate, {len(data.test):,} to test"
        ),
        licence=LICENCES[recipe.dataset],
        recipe=recipe.command or f"CAE_DATA_DIR=... python pretrained/{folder.name}/recipe.py",
        seconds=seconds_of(folder),
        parameters=report.parameters,
        latent_size=report.latent_size,
        noise_range=recipe.task.sigma_range if isinstance(recipe.task, Denoise) else None,
        figures=tuple(figures),
        sha256=sha256(weights),
        kept=recipe.kept,
    )
    card.save(folder)
    if recipe.kept == NOT_KEPT:
        _save_images(model, recipe.task, sample_check_images(card.input_shape), folder)
    if isinstance(recipe.task, ColorizeRGB | ColorizeChroma):
        card = dataclasses.replace(card, figures=(*figures, *color_rows(card.name, test_sets)))
        card.save(folder)
    return card


def describe(recipe: Recipe, folder: Path) -> Card:
    """Says anew what a card says in words; its figures stay as they were measured.

    Args:
        recipe: What the network was made by.
        folder: Where its card is.

    Returns:
        The card that was written.
    """
    card = dataclasses.replace(zoo.read_card(folder / zoo.CARD), **_words(recipe))
    card.save(folder)
    return card


def _words(recipe: Recipe) -> dict[str, Any]:
    """What a card says that nothing has to be measured for."""
    preset = get_preset(recipe.preset) if recipe.preset else None
    return {
        "title": recipe.title,
        "summary": recipe.summary,
        "source": recipe.source,
        "recipe_notes": f"{recipe.task}; {recipe.config}. {recipe.strategy}{recipe.notes}".strip(),
        "section": preset.section if preset else "",
        "published": dict(preset.published) if preset else {},
        "difference": recipe.difference,
    }


def _weights_path(recipe: Recipe, folder: Path) -> Path:
    """Where a recipe leaves its weights; those that are not kept stay on its machine."""
    return folder / (UNKEPT_WEIGHTS if recipe.kept == NOT_KEPT else WEIGHTS)


def _figures(
    recipe: Recipe, model: Any, images: np.ndarray, test_set: str
) -> dict[str, dict[str, Any]]:
    """A row of the card for every condition that a network is measured under."""
    from cae_core.training.loop import evaluate

    rows = {}
    for condition, task in recipe.tests.items():
        row = {"task": task_to_dict(task), **rounded(evaluate(model, images, task))}
        if test_set == f"{recipe.dataset} test" and recipe.dataset in JUDGES:
            labels = load_labels(recipe.dataset).test
            share = judge_accuracy(model, images, labels, task, recipe.dataset)
            row[ACCURACY] = round(share, 4)
        rows[condition] = row
    return rows


def _save_images(model: Any, task: Task, images: np.ndarray, folder: Path) -> None:
    """A few images, what was shown and what came back, for a network that is not kept."""
    from cae_core.training.loop import way_of

    np.savez_compressed(folder / IMAGES, images=way_of(model, task, images[:_IMAGES]))


def color_rows(
    name: str, test_sets: Mapping[str, np.ndarray | list[np.ndarray]]
) -> list[dict[str, Any]]:
    """Figures of colour of a network of the zoo, as `cae_core.colorize` applies it, and of grey.

    Args:
        name: The network's; its card and weights are in their folder.
        test_sets: uint8 images (N, H, W, 3), or lists of them, by the name of the set.

    Returns:
        Two rows of a card for every set.
    """
    from cae_core.photos.colorizing import grey_of

    rows = []
    for test_set, images in test_sets.items():
        recolored = {COLORIZED: _recolored(name, images), GREY: map(grey_of, images)}
        for condition, results in recolored.items():
            originals = (image / np.float32(255) for image in images)
            pairs = zip(results, originals, strict=True)
            rows.append({"test_set": test_set, "condition": condition, **color_figures(pairs)})
    return rows


def _recolored(name: str, images: np.ndarray | list[np.ndarray]) -> Iterator[np.ndarray]:
    """Every image as `colorize` gives it.

    Those of a network's own size go through it in batches: the same, many times faster.
    """
    from cae_core.images.color import lightness_of, rgb_within_gamut
    from cae_core.photos.colorizing import colorize, learns_rgb

    known = zoo.card(name)
    if (
        known.architecture is None
        or not isinstance(images, np.ndarray)
        or images.shape[1:3] != known.input_shape[:2]
    ):
        yield from (colorize(image, name) for image in images)
        return
    network = zoo.load(name)
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH] / np.float32(255)
        if learns_rgb(name):
            grey = batch @ np.array(LUMA, np.float32)
            yield from np.clip(network.predict_on_batch(grey[..., np.newaxis]), 0, 1)
            continue
        lightness = np.stack([lightness_of(image) for image in batch])
        ab = AB_SCALE * network.predict_on_batch(lightness[..., np.newaxis] / 100)
        for pair in zip(lightness, ab, strict=True):
            yield rgb_within_gamut(*pair)[0]


def seconds_of(folder: Path) -> int:
    """How long a training took, by its history."""
    with (folder / HISTORY).open(newline="") as file:
        return round(sum(float(row["seconds"]) for row in csv.DictReader(file)))


def _test_sets(recipe: Recipe, data: Dataset) -> dict[str, np.ndarray]:
    """The data set's test part, and a few images that are always there to check against."""
    return {
        f"{recipe.dataset} test": data.test,
        sample_check_name(data.image_shape): sample_check_images(data.image_shape),
    }


def rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Test figures with the digits that mean something."""
    digits = {"mse": 6, "mae": 5, "psnr": 2, "ssim": 4, "images": 0}
    return {
        name: int(value) if name == "images" else round(value, digits[name])
        for name, value in figures.items()
    }


def run_recipe(recipe: Recipe, file: str, imagenet: Recipe | None = None) -> None:
    """The command line of a recipe: makes it in the folder where it stands.

    Args:
        recipe: What to make.
        file: The recipe's ``__file__``.
        imagenet: The same with ImageNet weights, which have to be fetched.
    """
    parser = argparse.ArgumentParser(description=recipe.summary)
    parser.add_argument("--card", action="store_true", help="only measure, and write the card")
    parser.add_argument("--words", action="store_true", help="only rewrite the card's words")
    folder = Path(file).resolve().parent
    parser.add_argument("--out", type=Path, default=folder, help="folder of weights and card")
    if imagenet is not None:
        parser.add_argument(
            "--imagenet",
            action="store_true",
            help="with ImageNet weights through keras.applications in place of the judge's "
            "(needs a network connection the first time, and --out)",
        )
    options = parser.parse_args()
    if imagenet is not None and options.imagenet:
        if options.out == folder:
            parser.error("--imagenet makes another network: name its folder with --out.")
        recipe = imagenet
    options.out.mkdir(parents=True, exist_ok=True)
    if options.words:
        card = describe(with_kept_rate(recipe, options.out), options.out)
    elif options.card:
        data = load_dataset(recipe.dataset, seed=recipe.config.seed)
        card = write_card(with_kept_rate(recipe, options.out), options.out, data)
    else:
        card = make(recipe, options.out)
    for row in card.figures:
        sys.stdout.write(f"{row}\n")
