"""Feature loss: a distance of images in the feature space of a classifier.

Importing this module imports Keras.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from cae_core.training.losses import mse_loss

FEATURE_WEIGHTS = (30.0, 20.0, 10.0)
GRAM_FACTOR = 5e3


class FeatureLoss:
    """Squared error of pixels, of features of several layers, and of their Gram matrices.

    A layer's Gram term is weighted by the square of the layer's weight times `GRAM_FACTOR`.
    Sources: Johnson, Alahi & Fei-Fei, "Perceptual losses for real-time style transfer", ECCV 2016;
    the weights are those of henriwoodcock, *Applying Modern Best Practices to Autoencoders*.

    Args:
        classifier: Model from images (B, H, W, C) in [0, 1].
        layers: Names of the classifier's layers whose outputs (B, h, w, c) are compared.
        weights: Weight of every layer.

    Example:
        >>> image = keras.Input((8, 8, 3))
        >>> features = keras.layers.Conv2D(4, 3, name="features")(image)
        >>> loss = FeatureLoss(keras.Model(image, features), ["features"], [1.0])
        >>> images = ops.ones((2, 8, 8, 3))
        >>> [float(x) for x in loss(images, images)]
        [0.0, 0.0]
    """

    def __init__(
        self,
        classifier: keras.Model,
        layers: Sequence[str],
        weights: Sequence[float] = FEATURE_WEIGHTS,
    ) -> None:
        outputs = [classifier.get_layer(name).output for name in layers]
        self.features = keras.Model(classifier.input, outputs)
        self.weights = weights

    def __call__(self, output: Any, target: Any) -> Any:
        """Loss of every image: (B, H, W, C) and (B, H, W, C) -> (B,)."""
        total = mse_loss(output, target)
        pairs = zip(self._features(output), self._features(target), self.weights, strict=True)
        for ours, theirs, weight in pairs:
            total = total + weight * mse_loss(ours, theirs)
            difference = gram_matrix(ours) - gram_matrix(theirs)
            total = total + weight**2 * GRAM_FACTOR * ops.mean(ops.square(difference), axis=(1, 2))
        return total

    def _features(self, images: Any) -> list[Any]:
        """Features of every layer, (B, h, w, c) each.

        They are float32 even where the classifier computes in bfloat16, which would round away
        small differences of large numbers.
        """
        features = self.features(images, training=False)
        listed = features if isinstance(features, list) else [features]
        return [ops.cast(depth, "float32") for depth in listed]


def gram_matrix(features: Any) -> Any:
    """Gram matrix of features, divided by the number of channels and positions.

    Source: Gatys, Ecker & Bethge, "Image style transfer using convolutional neural networks",
    CVPR 2016.

    Args:
        features: (B, h, w, c).

    Returns:
        (B, c, c).
    """
    height, width, channels = features.shape[1:]
    rows = ops.reshape(features, (-1, height * width, channels))  # (B, h, w, c) -> (B, h·w, c)
    # (B, c, h·w) · (B, h·w, c) -> (B, c, c)
    products = ops.matmul(ops.transpose(rows, (0, 2, 1)), rows)
    return products / (height * width * channels)
