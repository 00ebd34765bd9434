"""Batch normalisation for training; `cae_core.build.build` makes Keras's own.

Importing this module imports Keras.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="cae_lab")
class FastBatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation with fewer passes over memory: same weights, same results.

    For training only. Sums over a batch are matrix products, which processors do best; and mean,
    variance, gamma and beta become one factor and one summand per channel, applied in the number
    format of the layer, where Keras goes through float32.
    """

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """Normalises with the batch's statistics in training, else with the moving ones.

        A frozen layer never trains, as Keras's own does not.
        """
        mean, variance = self.moving_mean, self.moving_variance
        if training and self.trainable:
            mean, variance = self._batch_statistics(ops.cast(inputs, "float32"))
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(moving * self.momentum + now * (1.0 - self.momentum))
        factor = ops.cast(self.gamma, "float32") * ops.rsqrt(variance + self.epsilon)
        summand = ops.cast(self.beta, "float32") - mean * factor
        return inputs * ops.cast(factor, inputs.dtype) + ops.cast(summand, inputs.dtype)

    def _batch_statistics(self, inputs: Any) -> tuple[Any, Any]:
        """Mean and variance of every channel, (C,) each."""
        rows = ops.reshape(inputs, (-1, inputs.shape[-1]))  # (B, ..., C) -> (M, C)
        count = ops.shape(rows)[0]
        weights = ops.ones((1, count), "float32") / ops.cast(count, "float32")
        # (1, M) · (M, C) -> (1, C)
        mean = ops.matmul(weights, rows)[0]
        variance = ops.matmul(weights, ops.square(rows))[0] - ops.square(mean)
        return mean, ops.maximum(variance, 0.0)
