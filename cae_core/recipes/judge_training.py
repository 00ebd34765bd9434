"""Training of the evaluation classifiers (see `cae_core.zoo.judge`).

Three things make so small a classifier this accurate: a first layer initialised by whitening
its input patches, convolutions trained by Muon, and random shifts of the training images. Source:
Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024. Importing this module imports
Keras.
"""

from __future__ import annotations

import time
from pathlib import Path

import keras
import numpy as np
from keras import ops

from cae_core.architecture.report import analyze
from cae_core.data.dataset import Dataset, Labels
from cae_core.models.builder import build, build_for_training
from cae_core.models.precision import training_dtype
from cae_core.recipes.augmentation import MovedBatches
from cae_core.recipes.optimizers import ConvolutionMuon
from cae_core.recipes.recipe import JudgeRecipe
from cae_core.recipes.time_budget import CHECKPOINT
from cae_core.training.callbacks import Checkpoint
from cae_core.training.history import read_history, write_history
from cae_core.training.losses import scaled

CLASSES = 10
LABEL_SMOOTHING = 0.1
WEIGHT_DECAY = 0.01
STEPS_PER_EXECUTION = 8
WARMUP = 0.15
WHITENED_IMAGES = 5_000


def train_judge(recipe: JudgeRecipe, data: Dataset, labels: Labels, folder: Path) -> keras.Model:
    """Trains a classifier of a data set's original images and writes its history.

    An interrupted training goes on from the folder's checkpoint.

    Args:
        recipe: The judge's recipe.
        data: Images; the test part is not used.
        labels: Their classes.
        folder: Folder of history and checkpoint.

    Returns:
        Model from images (B, H, W, C) in [0, 1] to logits (B, 10).
    """
    keras.utils.set_random_seed(recipe.seed)
    dtype = training_dtype(analyze(recipe.architecture), "auto")
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
    checkpoint = Checkpoint(folder / CHECKPOINT)
    steps_done = checkpoint.restore(trainer)
    trainer.fit(
        batches,
        validation_data=(data.validation, one_hot[labels.validation]),
        epochs=recipe.epochs,
        initial_epoch=steps_done // len(batches),
        shuffle=False,  # the batches shuffle themselves
        verbose=0,
        callbacks=[_History(folder), checkpoint],
    )
    checkpoint.path.unlink(missing_ok=True)
    judge = build(recipe.architecture, seed=recipe.seed)
    judge.set_weights(network.get_weights())
    return judge


class _History(keras.callbacks.Callback):
    """Adds a row to the history after every epoch."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.epoch_began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Starts the clock."""
        self.epoch_began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Writes the row; rows of an earlier training of the same epochs are replaced."""
        seconds = time.monotonic() - self.epoch_began
        row = {"epoch": epoch + 1, **(logs or {}), "seconds": seconds}
        write_history(self.folder, [*read_history(self.folder)[:epoch], row])


def whiten(layer: keras.layers.Conv2D, images: np.ndarray) -> None:
    """Initialises a first layer with the whitened principal axes of its input patches.

    Args:
        layer: A convolution of kernel (k, k, C, filters). Its first filters become the axes, the
            next the negated axes; what is left keeps its initialisation.
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
