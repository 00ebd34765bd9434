"""Losses per image, written with `keras.ops`; their titles are in `cae_core.training.config`.

Every function takes output and target, float32 (B, H, W, C), and returns the loss of every image,
(B,). The generated script copies the one it needs. Importing this module imports Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from cae_core.images.metrics import ssim
from cae_core.training.tasks import Task


def mse_loss(output: Any, target: Any) -> Any:
    """Mean squared error."""
    return ops.mean(ops.square(output - target), axis=(1, 2, 3))


def mae_loss(output: Any, target: Any) -> Any:
    """Mean absolute error."""
    return ops.mean(ops.abs(output - target), axis=(1, 2, 3))


def bce_loss(output: Any, target: Any) -> Any:
    """Binary cross-entropy; every number of the target is a probability in [0, 1]."""
    safe = ops.clip(output, 1e-6, 1 - 1e-6)
    return -ops.mean(target * ops.log(safe) + (1 - target) * ops.log(1 - safe), axis=(1, 2, 3))


def ssim_loss(output: Any, target: Any) -> Any:
    """1 - SSIM."""
    return 1.0 - ssim(output, target)


ImageLoss = Callable[[Any, Any], Any]
"""A function of output and target, float32 (B, H, W, C); returns (B,)."""

LOSS_FUNCTIONS: dict[str, ImageLoss] = {
    "mse": mse_loss,
    "mae": mae_loss,
    "bce": bce_loss,
    "ssim": ssim_loss,
}


def scaled(images: Any) -> Any:
    """Scales images from uint8 in 0..255 to float32 in [0, 1]."""
    return ops.cast(images, "float32") / 255.0


class TargetLoss(keras.losses.Loss):
    """A loss between the network's output and the task's target of the uint8 images.

    Args:
        task: The task, which makes the target from an image.
        function: The loss between output and target.
    """

    def __init__(self, task: Task, function: ImageLoss) -> None:
        super().__init__()
        self.task = task
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of every image."""
        return self.function(y_pred, self.task.target(scaled(y_true)))
