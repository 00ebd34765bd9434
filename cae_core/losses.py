"""Losses per picture, written with `keras.ops`: how far an output is from its target.

Every function takes output and target, float32 (B, H, W, C), and returns (B,). Importing this
module imports Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from cae_core.metrics import SSIM_SIGMA, SSIM_WINDOW
from cae_core.tasks import Task


def mse(output: Any, target: Any) -> Any:
    """Mean squared error."""
    return ops.mean(ops.square(output - target), axis=(1, 2, 3))


def mae(output: Any, target: Any) -> Any:
    """Mean absolute error."""
    return ops.mean(ops.abs(output - target), axis=(1, 2, 3))


def bce(output: Any, target: Any) -> Any:
    """Binary cross-entropy, every number of the target taken for a probability in [0, 1]."""
    safe = ops.clip(output, 1e-6, 1 - 1e-6)
    return -ops.mean(target * ops.log(safe) + (1 - target) * ops.log(1 - safe), axis=(1, 2, 3))


def ssim_loss(output: Any, target: Any) -> Any:
    """1 - SSIM."""
    return 1.0 - ssim(output, target)


def ssim(images: Any, references: Any) -> Any:
    """Structural similarity of every picture, the mean over channels and window positions.

    Gaussian window of 11 pixels and sigma 1.5 (smaller on smaller pictures), constants 0.01 and
    0.03, data range 1, windows inside the picture only. Source: Wang, Bovik, Sheikh &
    Simoncelli, "Image quality assessment: from error visibility to structural similarity",
    IEEE TIP 2004.

    Args:
        images: Tensor (B, H, W, C) in [0, 1].
        references: Tensor of the same shape.

    Returns:
        Tensor (B,), 1 where the pictures are equal.

    Example:
        >>> pictures = np.ones((2, 16, 16, 3), "float32")
        >>> [float(x) for x in ssim(pictures, pictures)]
        [1.0, 1.0]
    """
    height, width, channels = images.shape[1:]
    window = min(SSIM_WINDOW, height - (height + 1) % 2, width - (width + 1) % 2)
    offsets = np.arange(window) - window // 2
    bell = np.exp(-(offsets**2) / (2 * SSIM_SIGMA**2))
    bell /= bell.sum()
    # A Gaussian is the product of one along the columns and one along the rows.
    # (window,) -> (window, 1, C, 1) and (1, window, C, 1)
    along = np.repeat(bell[:, None, None, None], channels, axis=2).astype(np.float32)
    across = along.transpose(1, 0, 2, 3)

    def local_mean(x: Any) -> Any:
        # (B, H, W, C) -> (B, H - window + 1, W - window + 1, C)
        for kernel in (along, across):
            x = ops.depthwise_conv(x, kernel, padding="valid", data_format="channels_last")
        return x

    mean_x, mean_y = local_mean(images), local_mean(references)
    variance_x = local_mean(ops.square(images)) - ops.square(mean_x)
    variance_y = local_mean(ops.square(references)) - ops.square(mean_y)
    covariance = local_mean(images * references) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    similarity = ((2 * mean_x * mean_y + c1) * (2 * covariance + c2)) / (
        (ops.square(mean_x) + ops.square(mean_y) + c1) * (variance_x + variance_y + c2)
    )
    return ops.mean(similarity, axis=(1, 2, 3))


PictureLoss = Callable[[Any, Any], Any]
"""Output and target, float32 (B, H, W, C) -> the loss of every picture, (B,)."""

LOSS_FUNCTIONS: dict[str, PictureLoss] = {
    "mse": mse,
    "mae": mae,
    "bce": bce,
    "ssim": ssim_loss,
}


def scaled(images: Any) -> Any:
    """Pictures as uint8 in 0..255 -> float32 in [0, 1]."""
    return ops.cast(images, "float32") / 255.0


class TargetLoss(keras.losses.Loss):
    """A loss between the network's output and the task's target of the uint8 pictures.

    Args:
        task: Says what the target of a picture is.
        function: What is measured.
    """

    def __init__(self, task: Task, function: PictureLoss) -> None:
        super().__init__()
        self.task = task
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of every picture."""
        return self.function(y_pred, self.task.target(scaled(y_true)))
