"""What the recipes in ``pretrained/`` have in common: train a network, measure it, write its card.

Importing this module does not import Keras; `make` does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cae_core.architecture import Architecture
from cae_core.arithmetic import analyze
from cae_core.config import TrainConfig
from cae_core.dataset import Dataset
from cae_core.datasets import load_dataset
from cae_core.progress import Progress
from cae_core.runs import history_csv
from cae_core.tasks import Denoise, Task, task_to_dict
from cae_core.zoo import WEIGHTS, Card, sha256

HISTORY = "history.csv"
CHECKPOINT = "checkpoint.npz"
BUNDLED_CHECK = "200 bundled patches"
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
    from cae_core.training import evaluate, train

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
    figures = tuple(
        {
            "test_set": test_set,
            "condition": condition,
            "task": task_to_dict(task),
            **rounded(evaluate(run.model, pictures, task)),
        }
        for test_set, pictures in _test_sets(recipe, data).items()
        for condition, task in recipe.tests.items()
    )
    report = analyze(recipe.architecture)
    noise = recipe.task.sigma_range if isinstance(recipe.task, Denoise) else None
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
        seconds=round(sum(record.seconds for record in run.history)),
        recipe_notes=f"{recipe.task}; {recipe.config}. {recipe.notes}".strip(),
        parameters=report.parameters,
        code_size=report.latent_size,
        noise_range=noise,
        figures=figures,
        sha256=sha256(folder / WEIGHTS),
    )
    card.save(folder)
    (folder / CHECKPOINT).unlink(missing_ok=True)
    return card


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
    argparse.ArgumentParser(description=recipe.summary).parse_args()
    card = make(recipe, Path(file).resolve().parent)
    for row in card.figures:
        sys.stdout.write(f"{row}\n")


def _print_progress(progress: Progress) -> None:
    """A line per epoch on stderr."""
    if progress.batch == progress.batches and progress.history and not progress.is_testing:
        sys.stderr.write(f"{progress}\n")
