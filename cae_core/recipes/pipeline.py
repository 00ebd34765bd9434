"""From a recipe to a network's folder: training, weights, history, measurement and card.

Importing this module does not import Keras; `make` and `write_card` do.
"""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cae_core.architecture.report import analyze
from cae_core.data.dataset import Dataset
from cae_core.data.registry import load_dataset, load_labels
from cae_core.data.samples import sample_check_images
from cae_core.errors import PlaceError, RecordError, TrainingError
from cae_core.files import replacing
from cae_core.recipes.command_line import save_measured
from cae_core.recipes.measuring import autoencoder_rows, color_rows, judge_rows, test_sets
from cae_core.recipes.recipe import AnyRecipe, JudgeRecipe, Recipe
from cae_core.recipes.strategies import Training
from cae_core.records import read_json
from cae_core.training.history import HISTORY, history_csv
from cae_core.training.learning_rate import LearningRateTest
from cae_core.training.runs import Run
from cae_core.training.snapshots import SNAPSHOTS
from cae_core.zoo.cards import (
    CARD,
    HALF,
    IMAGES,
    LEARNING_RATE,
    NOT_KEPT,
    WEIGHTS,
    Card,
    read_card,
    sha256,
)

if TYPE_CHECKING:
    import keras

UNKEPT_WEIGHTS = "unkept.weights.h5"  # ignored by git
KEPT_IMAGES = 12
UNDER_WAY = "training.json"
"""In the folder of a network until its training is done: which recipe it is."""
_CHECKPOINTS = "checkpoint*.npz"
_WRITTEN = (WEIGHTS, UNKEPT_WEIGHTS, HISTORY, SNAPSHOTS, CARD, LEARNING_RATE, IMAGES, UNDER_WAY)


def check_folder(recipe: AnyRecipe, folder: Path, *, may_overwrite: bool) -> None:
    """Refuses a folder in which `make` would write over what is not of the same training.

    Args:
        recipe: The network's recipe.
        folder: The network's folder.
        may_overwrite: Write over it all the same; what another training left half done is
            removed, for `make` would go on from it.

    Raises:
        PlaceError: There is such a file.
    """
    half_done = [*folder.glob(_CHECKPOINTS), folder / LEARNING_RATE]
    found = [path for path in (*map(folder.joinpath, _WRITTEN), *half_done) if path.exists()]
    if not found or _under_way(folder) == _identity(recipe):
        return
    if not may_overwrite:
        raise PlaceError(
            "A network is trained into a folder that has none yet, or where the same training was "
            f"interrupted. Received: {folder}, which has {found[0].name}. Choose another folder, "
            "or add --force."
        )
    for path in half_done:
        path.unlink(missing_ok=True)


def _identity(recipe: AnyRecipe) -> dict[str, str]:
    """What tells the training of a recipe from others."""
    config = recipe.config if isinstance(recipe, Recipe) else None
    return {
        "recipe": recipe.command,
        "network": str(recipe.architecture),
        "settings": f"{recipe.card_fields['recipe_notes']} {config!r} seed {recipe.seed}",
    }


def _under_way(folder: Path) -> dict[str, str] | None:
    """Which training was begun in a folder and is not done; None where there is none."""
    try:
        return read_json(dict[str, str], folder / UNDER_WAY)
    except RecordError:
        return None


def make(recipe: AnyRecipe, folder: Path) -> Card:
    """Trains a network and writes weights, history and card into its folder.

    An interrupted training goes on from the folder's checkpoint.

    Args:
        recipe: The network's recipe.
        folder: The network's folder; its name is the network's.

    Returns:
        The card that was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / UNDER_WAY) as partial:
        partial.write_text(json.dumps(_identity(recipe), indent=2) + "\n")
    data = load_dataset(recipe.dataset, seed=recipe.seed)
    recipe = with_tested_rate(recipe, data, folder)
    if isinstance(recipe, JudgeRecipe):
        from cae_core.recipes.judge_training import train_judge

        labels = load_labels(recipe.dataset, seed=recipe.seed)
        model = train_judge(recipe, data, labels, folder)
    else:
        model = _train(recipe, data, folder)
    model.save_weights(weights_path(recipe, folder))
    card = write_card(recipe, folder, data)
    for path in (*folder.glob(_CHECKPOINTS), folder / UNDER_WAY):
        path.unlink(missing_ok=True)
    return card


def _train(recipe: Recipe, data: Dataset, folder: Path) -> keras.Model:
    """Trains an autoencoder with its strategy and writes the history of all phases."""
    training = Training(recipe.architecture, data, recipe.task, recipe.config, folder)
    runs = recipe.strategy.train(training)
    records = [record for run in runs for record in run.history]
    history = tuple(
        dataclasses.replace(record, epoch=epoch) for epoch, record in enumerate(records, start=1)
    )
    (folder / HISTORY).write_text(history_csv(history))
    *earlier, last = runs
    # Of a training in phases there would be the last one's alone; Inside opens what is kept.
    if (
        not earlier
        and recipe.kept != NOT_KEPT
        and isinstance(last, Run)
        and last.snapshots is not None
    ):
        last.snapshots.save(folder)
    return last.model


def with_tested_rate(recipe: AnyRecipe, data: Dataset, folder: Path) -> AnyRecipe:
    """The recipe with the learning rate of its range test, which is run where it has not been.

    Args:
        recipe: The network's recipe.
        data: Images to train on.
        folder: The network's folder, which keeps the test.
    """
    path = folder / LEARNING_RATE
    if isinstance(recipe, Recipe) and recipe.finds_rate and not path.exists():
        from cae_core.training.learning_rate import find_learning_rate

        test = find_learning_rate(
            recipe.architecture,
            data,
            task=recipe.task,
            config=recipe.config,
            highest=recipe.highest_rate,
        )
        path.write_text(test.to_json() + "\n")
    return with_kept_rate(recipe, folder)


def with_kept_rate(recipe: AnyRecipe, folder: Path) -> AnyRecipe:
    """The recipe with the learning rate of the range test in a folder.

    Args:
        recipe: The network's recipe.
        folder: The network's folder.

    Raises:
        TrainingError: Where the test suggests no rate.
    """
    if isinstance(recipe, JudgeRecipe) or not recipe.finds_rate:
        return recipe
    path = folder / LEARNING_RATE
    test = LearningRateTest.from_json(path.read_text())
    if test.suggestion is None:
        raise TrainingError(
            "This network needs a learning-rate range test that suggests a rate. "
            f"Received: {path}: {test.reason} Remove that file to test again."
        )
    config = dataclasses.replace(recipe.config, learning_rate=test.suggestion)
    return dataclasses.replace(recipe, config=config)


def write_card(recipe: AnyRecipe, folder: Path, data: Dataset) -> Card:
    """Measures the weights in a folder and writes their card.

    Args:
        recipe: The network's recipe.
        folder: The network's folder.
        data: The data set of the recipe.

    Returns:
        The card that was written.
    """
    from cae_core.models.builder import build
    from cae_core.recipes.weight_files import round_to_half

    weights = weights_path(recipe, folder)
    if recipe.kept == HALF:
        round_to_half(weights)
    model = build(recipe.architecture)
    model.load_weights(weights)
    if isinstance(recipe, JudgeRecipe):
        rows = judge_rows(model, data)
    else:
        rows = autoencoder_rows(model, data, recipe.tests)
        if recipe.kept == NOT_KEPT:
            keep_images(recipe, model, folder)
    report = analyze(recipe.architecture)
    card = Card(
        **recipe.card_fields,
        name=folder.name,
        network=str(recipe.architecture),
        input_shape=recipe.architecture.input_shape,
        data=(
            f"{recipe.dataset}: {len(data.train):,} images to train, "
            f"{len(data.validation):,} to validate, {len(data.test):,} to test"
        ),
        seconds=_seconds_of(folder),
        parameters=report.parameters,
        latent_size=None if isinstance(recipe, JudgeRecipe) else report.latent_size,
        figures=tuple(rows),
        sha256=sha256(weights),
        kept=recipe.kept,
    )
    if isinstance(recipe, Recipe) and recipe.task.needs_color:
        return save_measured(card, folder, lambda: (*rows, *color_rows(card.name, test_sets(data))))
    card.save(folder)
    return card


def measure(recipe: AnyRecipe, folder: Path) -> Card:
    """Measures a network that was trained before and writes its card anew.

    Args:
        recipe: The network's recipe.
        folder: The network's folder.

    Returns:
        The card that was written.
    """
    return write_card(
        with_kept_rate(recipe, folder), folder, load_dataset(recipe.dataset, seed=recipe.seed)
    )


def describe(recipe: AnyRecipe, folder: Path) -> Card:
    """Writes a card anew from its recipe; what was measured stays as it is.

    Args:
        recipe: The network's recipe.
        folder: The network's folder.

    Returns:
        The card that was written.
    """
    recipe = with_kept_rate(recipe, folder)
    card = dataclasses.replace(read_card(folder / CARD), **recipe.card_fields)
    card.save(folder)
    return card


def keep_images(recipe: Recipe, model: keras.Model, folder: Path) -> None:
    """Writes a few sample images, their inputs and the network's outputs, in place of weights.

    Args:
        recipe: The network's recipe.
        model: The trained network.
        folder: The network's folder.
    """
    from cae_core.training.evaluation import samples_of

    images = sample_check_images(recipe.architecture.input_shape)[:KEPT_IMAGES]
    np.savez_compressed(folder / IMAGES, images=samples_of(model, recipe.task, images))


def weights_path(recipe: AnyRecipe, folder: Path) -> Path:
    """Path of a network's weights; weights that are not kept have another name."""
    return folder / (UNKEPT_WEIGHTS if recipe.kept == NOT_KEPT else WEIGHTS)


def _seconds_of(folder: Path) -> int:
    """Duration of a training, from its history."""
    with (folder / HISTORY).open(newline="") as file:
        return round(sum(float(row["seconds"]) for row in csv.DictReader(file)))
