"""Training of `cae_core.models.colorizer` by its recipes. Importing this module imports Keras."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from cae_core.images.color_ops import lab_from_rgb
from cae_core.models.ab_bins import BIN_SIZE, ab_bin_centres, soft_bins
from cae_core.recipes.optimizers import ConvolutionMuon
from cae_core.recipes.time_budget import fit_session, read_history, write_history
from cae_core.training.losses import scaled
from cae_core.zoo.cards import WEIGHTS

STEPS_PER_EXECUTION = 8
AVERAGING = 0.995
WEIGHT_DECAY = 0.1
DROPOUT = 0.2
# Zhang et al., section 2.2: the share of a uniform distribution in what rarity is judged by.
UNIFORM_SHARE = 0.5
# How much of the paper's weights: with all of them the figures on validation images were worse
# than those of grey images.
REBALANCING = 0.6


def reduced_ab(images: np.ndarray) -> np.ndarray:
    """Chrominance at half the resolution.

    Args:
        images: uint8 (N, H, W, 3), H and W even.

    Returns:
        float32 (N, H/2, W/2, 2): a* and b*.
    """
    ab = ops.convert_to_numpy(lab_from_rgb(scaled(images)))[..., 1:]
    count, height, width, _ = ab.shape
    return ab.reshape(count, height // 2, 2, width // 2, 2, 2).mean(axis=(2, 4))


def class_weights(images: np.ndarray) -> np.ndarray:
    """How much every class counts: more, the rarer it is.

    Args:
        images: uint8 (N, H, W, 3): an even sample of the training images.

    Returns:
        (K,) float32, 1 on average over the images' pixels.

    Source: Zhang, Isola & Efros, "Colorful Image Colorization", ECCV 2016, equation 4, to the
    power of `REBALANCING`.
    """
    bins, shares = soft_bins(reduced_ab(images))
    found = np.bincount(bins.ravel(), shares.ravel(), minlength=len(ab_bin_centres()))
    found = found / found.sum()
    weights = ((1 - UNIFORM_SHARE) * found + UNIFORM_SHARE / len(found)) ** -REBALANCING
    return (weights / (found @ weights)).astype(np.float32)


class LightnessAndAb(keras.layers.Layer):
    """uint8 images -> lightness at full, chrominance at half the resolution."""

    def call(self, images: Any) -> tuple[Any, Any]:
        """Converts: (B, H, W, 3) -> (B, H, W, 1) in [0, 1] and (B, H/2, W/2, 2)."""
        lab = lab_from_rgb(scaled(images))
        return lab[..., :1] / 100.0, ops.average_pool(lab[..., 1:], 2, data_format="channels_last")


class AbLoss(keras.layers.Layer):
    """Cross-entropy between the classes of the true chrominance and the network's, weighted.

    Args:
        weights: (K,), of `class_weights`.
    """

    def __init__(self, weights: np.ndarray) -> None:
        super().__init__()
        self.class_weights = weights
        self.centres = ab_bin_centres()

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """(B, h, w, K) logits and (B, h, w, 2) chrominance -> (B, h, w)."""
        logits, ab = inputs
        # Every bin's share, as `soft_bins` has it: (B, h, w, K)
        shares = 1.0
        for axis in range(2):
            distance = ops.abs(ab[..., axis : axis + 1] - self.centres[:, axis])
            shares = shares * ops.relu(1.0 - distance / BIN_SIZE)
        entropy = -ops.sum(shares * ops.log_softmax(logits), axis=-1)
        return entropy * ops.sum(shares * self.class_weights, axis=-1)


class Validation(keras.callbacks.Callback):
    """Loss on the validation images after every epoch; keeps the best weights.

    Args:
        colorizer: The network.
        trainer: The model from images to loss.
        images: uint8 (N, H, W, 3).
        folder: Where weights and history are.
        images_per_epoch: How many images an epoch has.
    """

    def __init__(
        self,
        colorizer: keras.Model,
        trainer: keras.Model,
        images: np.ndarray,
        folder: Path,
        images_per_epoch: int,
    ) -> None:
        super().__init__()
        self.colorizer = colorizer
        self.trainer = trainer
        self.images = images
        self.folder = folder
        self.images_per_epoch = images_per_epoch
        self.rows = read_history(folder)
        self.best = min((row["validation"] for row in self.rows), default=np.inf)
        self.started = time.monotonic() - (self.rows[-1]["seconds"] if self.rows else 0.0)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Measures, notes and keeps. The model holds the averaged weights here."""
        losses = self.trainer.predict(self.images, batch_size=64, verbose=0)
        row = {
            "images": (self.rows[-1]["images"] if self.rows else 0) + self.images_per_epoch,
            "seconds": round(time.monotonic() - self.started),
            "loss": round((logs or {})["loss"], 4),
            "validation": round(float(losses.mean()), 4),
        }
        self.rows.append(row)
        if row["validation"] < self.best:
            self.best = row["validation"]
            self.colorizer.save_weights(self.folder / WEIGHTS)
        write_history(self.folder, self.rows)


def train_session(
    colorizer: keras.Model,
    batches: keras.utils.PyDataset,
    validation: np.ndarray,
    weights: np.ndarray,
    folder: Path,
    *,
    minutes: float,
    peak: float,
) -> None:
    """One session: goes on from the folder's checkpoint, or from the colorizer's weights.

    Args:
        colorizer: The network.
        batches: uint8 images (B, H, W, 3) and anything, an epoch of them.
        validation: uint8 images.
        weights: Of `class_weights`.
        folder: Where weights, history and checkpoint are kept.
        minutes: How long.
        peak: The highest learning rate.
    """
    inputs = keras.Input(validation.shape[1:], dtype="uint8")
    lightness, ab = LightnessAndAb()(inputs)
    trainer = keras.Model(inputs, AbLoss(weights)([colorizer(lightness), ab]))
    optimizer = ConvolutionMuon(
        peak,
        exclude_layers=["head", "tail"],
        adam_lr_ratio=0.5,
        weight_decay=WEIGHT_DECAY,
        adam_weight_decay=None,
        use_ema=True,
        ema_momentum=AVERAGING,
    )
    images_per_epoch = len(batches) * len(batches[0][0])
    fit_session(
        trainer,
        optimizer,
        batches,
        Validation(colorizer, trainer, validation, folder, images_per_epoch),
        folder,
        minutes=minutes,
        peak=peak,
        steps_per_execution=STEPS_PER_EXECUTION,
    )
