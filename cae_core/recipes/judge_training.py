"""How the judges are trained. Importing this module imports Keras.

A classifier as small as this reaches what it does by three things: its first layer starts as
the patches' own axes of variance, its convolutions are trained by Muon, and no image is shown
twice at the same place. Source: Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import ops

from cae_core.architecture.notation import Architecture
from cae_core.data.dataset import Dataset, Labels
from cae_core.data.registry import DATASETS, load_dataset, load_labels
from cae_core.data.samples import sample_check_images, sample_check_name
from cae_core.models.builder import build, build_for_training
from cae_core.models.precision import training_dtype
from cae_core.recipes.augmentation import MovedBatches
from cae_core.recipes.optimizers import ConvolutionMuon
from cae_core.recipes.recipe import LICENCES, seconds_of
from cae_core.training.losses import scaled
from cae_core.zoo.cards import WEIGHTS, Card, sha256
from cae_core.zoo.judge import accuracy, confidence

CLASSES = 10
LABEL_SMOOTHING = 0.1
WEIGHT_DECAY = 0.01
STEPS_PER_EXECUTION = 8
WARMUP = 0.15
WHITENED_IMAGES = 5_000


@dataclass(frozen=True)
class JudgeRecipe:
    """One judge and how it is made.

    Attributes:
        title: What people call it.
        dataset: The data set whose classes it names.
        architecture: Its encoder ends in features, its decoder gives a number per class; its
            first layer is a convolution.
        epochs: Passes over the training images.
        batch_size: Images per step.
        peak: The highest learning rate; it rises to it, then falls along half a cosine.
        margin: How far an image is moved at most, in pixels.
        is_mirrored: Whether every second image is mirrored; digits may not be.
        seed: Of weights, order and moves.
    """

    title: str
    dataset: str
    architecture: Architecture
    epochs: int
    batch_size: int
    peak: float
    margin: int
    is_mirrored: bool
    seed: int = 0


def train_judge(recipe: JudgeRecipe, data: Dataset, labels: Labels, folder: Path) -> keras.Model:
    """Trains a classifier of a data set's originals; leaves its history in a folder.

    Goes on from the folder's backup where a training was interrupted.

    Args:
        recipe: What to make.
        data: Images; the test part is not used.
        labels: Their classes.
        folder: Where history and backup are.

    Returns:
        The classifier, from images in [0, 1] to a number per class.
    """
    keras.utils.set_random_seed(recipe.seed)
    dtype = training_dtype(recipe.architecture, "auto")
    network = build_for_training(recipe.architecture, seed=recipe.seed, dtype=dtype)
    whiten(network.layers[1], data.train[:WHITENED_IMAGES])
    inputs = keras.Input(data.image_shape, dtype="uint8")
    trainer = keras.Model(inputs, network(scaled(inputs)))
    one_hot = np.eye(CLASSES, dtype=np.float32)
    batches = MovedBatches(
        data.train,
        one_hot[labels.train],
        recipe.batch_size,
        margin=recipe.margin,
        is_mirrored=recipe.is_mirrored,
        seed=recipe.seed,
    )
    steps = recipe.epochs * len(batches)
    warmup = int(WARMUP * steps)
    rate = keras.optimizers.schedules.CosineDecay(
        recipe.peak / 20, steps - warmup, warmup_target=recipe.peak, warmup_steps=warmup
    )
    trainer.compile(
        ConvolutionMuon(rate, exclude_layers=["dense"], weight_decay=WEIGHT_DECAY),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=LABEL_SMOOTHING
        ),
        metrics=["accuracy"],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    trainer.fit(
        batches,
        validation_data=(data.validation, one_hot[labels.validation]),
        epochs=recipe.epochs,
        shuffle=False,  # the batches shuffle themselves
        verbose=0,
        callbacks=[
            keras.callbacks.BackupAndRestore(folder / "backup"),
            _HistoryFile(folder / "history.csv"),
        ],
    )
    judge = build(recipe.architecture, seed=recipe.seed)
    judge.set_weights(network.get_weights())
    return judge


class _HistoryFile(keras.callbacks.Callback):
    """A line per epoch, kept when a training is interrupted."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.epoch_began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Starts the clock."""
        self.epoch_began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Writes the line."""
        seconds = time.monotonic() - self.epoch_began
        row = {"epoch": epoch + 1, **(logs or {}), "seconds": seconds}
        with self.path.open("a" if epoch else "w", newline="") as file:
            writer = csv.writer(file)
            if not epoch:
                writer.writerow(row)
            writer.writerow(f"{value:.6g}" for value in row.values())


def whiten(layer: keras.layers.Conv2D, images: np.ndarray) -> None:
    """Starts a first layer as the axes of variance of its patches, and their opposites.

    Args:
        layer: A convolution (k, k, C, filters); filters beyond twice the axes keep their start.
        images: uint8 (N, H, W, C).
    """
    kernel, bias = layer.get_weights()
    side = kernel.shape[0]
    patches = ops.image.extract_patches(
        images / np.float32(255), side, strides=side, padding="valid"
    )
    rows = np.asarray(patches).reshape(-1, side * side * images.shape[3])  # (M, k·k·C)
    variance, axes = np.linalg.eigh(np.cov(rows, rowvar=False))
    filters = (axes / np.sqrt(variance + 5e-4)).T[::-1]  # (axes, k·k·C), the largest first
    both = np.concatenate([filters, -filters])[: kernel.shape[3]]
    kernel[..., : len(both)] = both.reshape(-1, *kernel.shape[:3]).transpose(1, 2, 3, 0)
    layer.set_weights([kernel, bias])


def run_judge_recipe(recipe: JudgeRecipe, file: str) -> None:
    """The command line of a judge's recipe: makes it in the folder where it stands.

    Args:
        recipe: What to make.
        file: The recipe's ``__file__``.
    """
    parser = argparse.ArgumentParser(description=recipe.title)
    parser.add_argument("--card", action="store_true", help="only measure, and write the card")
    folder = Path(file).resolve().parent
    data = load_dataset(recipe.dataset, seed=recipe.seed)
    labels = load_labels(recipe.dataset, seed=recipe.seed)
    if not parser.parse_args().card:
        judge = train_judge(recipe, data, labels, folder)
        judge.save_weights(folder / WEIGHTS)
    for row in write_judge_card(recipe, folder, data.test, labels.test).figures:
        sys.stdout.write(f"{row}\n")


def write_judge_card(
    recipe: JudgeRecipe, folder: Path, images: np.ndarray, labels: np.ndarray
) -> Card:
    """Measures the weights of a folder and writes their card.

    Args:
        recipe: What they were made by.
        folder: Where weights and history are, and the card will be.
        images: The data set's test part.
        labels: Its classes.
    """
    judge = build(recipe.architecture)
    judge.load_weights(folder / WEIGHTS)
    bundled = sample_check_images(recipe.architecture.input_shape)
    counts = DATASETS[recipe.dataset].sizes
    card = Card(
        name=folder.name,
        title=recipe.title,
        summary=(
            f"Names the class of an image of {DATASETS[recipe.dataset].title}. Shown what an "
            "autoencoder made of one, it says whether what matters survived."
        ),
        source="Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU, 2024",
        network=str(recipe.architecture),
        input_shape=recipe.architecture.input_shape,
        data=(
            f"{recipe.dataset}: {counts[0]:,} images to train, {counts[1]:,} to validate, "
            f"{counts[2]:,} to test"
        ),
        licence=LICENCES[recipe.dataset],
        recipe=f"CAE_DATA_DIR=... python pretrained/{folder.name}/recipe.py",
        seconds=seconds_of(folder),
        recipe_notes=(
            f"{recipe.epochs} epochs, batch {recipe.batch_size}, Muon, moved by up to "
            f"{recipe.margin} pixels{' and mirrored' if recipe.is_mirrored else ''}."
        ),
        parameters=judge.count_params(),
        latent_size=None,
        noise_range=None,
        figures=(
            {
                "test_set": f"{recipe.dataset} test",
                "condition": "originals",
                "accuracy": round(accuracy(judge, images, labels), 4),
                "images": len(images),
            },
            {
                "test_set": sample_check_name(recipe.architecture.input_shape),
                "condition": "originals",
                "confidence": round(confidence(judge, bundled), 4),
                "images": len(bundled),
            },
        ),
        sha256=sha256(folder / WEIGHTS),
    )
    card.save(folder)
    return card
