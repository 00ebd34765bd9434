"""Training of the network of `cae_core.models.colorizer`. Importing this module imports Keras."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from cae_core.images.color_ops import lab_from_rgb
from cae_core.models.ab_bins import BIN_SIZE, ab_bin_centres, soft_bins
from cae_core.recipes.optimizers import ConvolutionMuon
from cae_core.recipes.time_budget import SessionHistory, fit_session
from cae_core.training.losses import scaled

STEPS_PER_EXECUTION = 8
AVERAGING = 0.995
WEIGHT_DECAY = 0.1
DROPOUT = 0.2
# Zhang et al., section 2.2: share of a uniform distribution in the distribution of the bins.
UNIFORM_SHARE = 0.5
# Exponent of the paper's weights; with 1 the figures on validation images were worse than those
# of grey images.
REBALANCING = 0.6


def reduced_ab(images: np.ndarray) -> np.ndarray:
    """(a*, b*) of images at half the resolution.

    Args:
        images: uint8 (N, H, W, 3), H and W even.

    Returns:
        float32 (N, H/2, W/2, 2).
    """
    ab = ops.convert_to_numpy(lab_from_rgb(scaled(images)))[..., 1:]
    count, height, width, _ = ab.shape
    return ab.reshape(count, height // 2, 2, width // 2, 2, 2).mean(axis=(2, 4))


def class_weights(images: np.ndarray) -> np.ndarray:
    """Weights of the ab bins in the loss, larger for rarer colours.

    Args:
        images: A sample of the training images, uint8 (N, H, W, 3).

    Returns:
        float32 (K,), with mean 1 over the images' pixels.

    Source: Zhang, Isola & Efros, "Colorful Image Colorization", ECCV 2016, equation 4, to the
    power of `REBALANCING`.
    """
    return ab_weights(reduced_ab(images), REBALANCING)


def ab_weights(ab: np.ndarray, rebalancing: float) -> np.ndarray:
    """Weights of the ab bins, as `class_weights` gives them.

    Args:
        ab: (a*, b*) of the training images, (..., 2).
        rebalancing: Exponent of the paper's weights; with 0 all are 1.

    Returns:
        float32 (K,), with mean 1 over the colours.
    """
    bins, shares = soft_bins(ab)
    found = np.bincount(bins.ravel(), shares.ravel(), minlength=len(ab_bin_centres()))
    found = found / found.sum()
    weights = ((1 - UNIFORM_SHARE) * found + UNIFORM_SHARE / len(found)) ** -rebalancing
    return (weights / (found @ weights)).astype(np.float32)


class LightnessAndAb(keras.layers.Layer):
    """Splits images into lightness at full resolution and (a*, b*) at half the resolution."""

    def call(self, images: Any) -> tuple[Any, Any]:
        """Splits uint8 (B, H, W, 3) into (B, H, W, 1) in [0, 1] and (B, H/2, W/2, 2)."""
        lab = lab_from_rgb(scaled(images))
        return lab[..., :1] / 100.0, ops.average_pool(lab[..., 1:], 2, data_format="channels_last")


class AbLoss(keras.layers.Layer):
    """Weighted cross-entropy between true and predicted distributions over the ab bins.

    Args:
        weights: Weights of the bins (K,), from `class_weights`.
    """

    def __init__(self, weights: np.ndarray) -> None:
        super().__init__()
        self.class_weights = weights
        self.centres = ab_bin_centres()

    def call(self, inputs: tuple[Any, Any]) -> Any:
        """Loss (B, h, w) of logits (B, h, w, K) and (a*, b*) (B, h, w, 2)."""
        logits, ab = inputs
        # Bilinear shares of the bins around each colour, as in `soft_bins`: (B, h, w, K)
        shares = 1.0
        for axis in range(2):
            distance = ops.abs(ab[..., axis : axis + 1] - self.centres[:, axis])
            shares = shares * ops.relu(1.0 - distance / BIN_SIZE)
        entropy = -ops.sum(shares * ops.log_softmax(logits), axis=-1)
        return entropy * ops.sum(shares * self.class_weights, axis=-1)


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
    """Trains for one session, from the folder's checkpoint or the colorizer's weights.

    Args:
        colorizer: The network.
        batches: An epoch of uint8 images (B, H, W, 3); the targets are ignored.
        validation: Validation images, uint8 (N, H, W, 3).
        weights: Weights of the bins (K,), from `class_weights`.
        folder: Folder of weights, history and checkpoint.
        minutes: Time budget of the session.
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

    def measure(logs: dict[str, float]) -> dict[str, float]:
        losses = trainer.predict(validation, batch_size=64, verbose=0)
        return {"loss": round(logs["loss"], 4), "validation": round(float(losses.mean()), 4)}

    history = SessionHistory(
        colorizer,
        folder,
        counted="images",
        per_epoch=len(batches) * len(batches[0][0]),
        measure=measure,
        score=lambda row: -row["validation"],
    )
    fit_session(
        trainer,
        optimizer,
        batches,
        history,
        folder,
        minutes=minutes,
        peak=peak,
        steps_per_execution=STEPS_PER_EXECUTION,
    )
