"""An optimiser that Keras does not have. Importing this module imports Keras."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class ConvolutionMuon(keras.optimizers.Muon):
    """Muon for convolutions: a kernel (h, w, in, out) is updated as the matrix (h·w·in, out).

    Biases, and layers that `exclude_layers` names, are left to Adam.

    Source: Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024, where
    convolutions are flattened so; Keras's own takes matrices only.

    Example:
        >>> float(ConvolutionMuon(1e-3, exclude_layers=["head", "tail"]).learning_rate.numpy())
        0.0010000000474974513
    """

    def _should_use_adamw(self, variable: Any) -> bool:
        is_excluded = any(name in variable.path for name in self.exclude_layers)
        return is_excluded or len(variable.shape) < 2

    def _muon_update_step(self, gradient: Any, variable: Any, lr: Any, m: Any) -> None:
        self.assign_add(m, ops.add(gradient, m * (self.momentum - 1)))
        direction = ops.add(gradient, self.momentum * m)
        matrix = ops.reshape(direction, (-1, variable.shape[-1]))
        update = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(matrix, self.ns_steps))
        self.assign_sub(variable, ops.reshape(update, variable.shape))
