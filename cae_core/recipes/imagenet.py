"""ImageNet's VGG-16 as encoder and as feature extractor, through `keras.applications`.

The weights are fetched from Keras's server the first time. Importing this module imports Keras.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

# Mean of ImageNet's blue, green and red in 0..255: VGG-16 was trained on what is left of them.
MEAN_BGR = (103.939, 116.779, 123.68)
VGG16_TEXT = (
    "conv64 conv64 pool conv128 conv128 pool conv256 conv256 conv256 pool "
    "conv512 conv512 conv512 pool conv512 conv512 conv512 pool"
)
"""The body of VGG-16 (Simonyan & Zisserman, ICLR 2015) as architecture text."""

VGG16_LAYERS = len(VGG16_TEXT.split())

FEATURE_LAYERS = ("block3_conv3", "block4_conv3", "block5_conv3")
"""Its last convolutions before the third, fourth and fifth pooling."""


def load_vgg16(weights: str | None = "imagenet") -> keras.Model:
    """VGG-16 for images in [0, 1].

    Args:
        weights: As for `keras.applications.VGG16`; None gives random ones.

    Returns:
        From (B, 32, 32, 3) to its last features; layers as in `keras.applications`.
    """
    body = keras.applications.VGG16(include_top=False, weights=weights, input_shape=(32, 32, 3))
    # The preparation of its images is put into its first layer, see `prepared_kernel`.
    first = body.get_layer("block1_conv1")
    first.set_weights(prepared_kernel(*first.get_weights()))
    return body


def copy_vgg16(
    network: keras.Model, names: Sequence[str], weights: str | None = "imagenet"
) -> None:
    """Gives a network's convolutions the weights of VGG-16's.

    Args:
        network: Begins with the layers of `VGG16_TEXT`.
        names: Their names.
        weights: As for `load_vgg16`.
    """
    body = load_vgg16(weights)
    theirs = [layer for layer in body.layers if isinstance(layer, keras.layers.Conv2D)]
    ours = [
        layer for layer in map(network.get_layer, names) if isinstance(layer, keras.layers.Conv2D)
    ]
    for target, source in zip(ours, theirs, strict=True):
        target.set_weights(source.get_weights())


def prepared_kernel(kernel: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
    """A first layer for images in [0, 1], red first, from one for BGR less its mean in 0..255.

    The same but for the border, where the layer sees black in place of the mean.

    Args:
        kernel: (k, k, 3, filters).
        bias: (filters,).

    Returns:
        Kernel and bias.
    """
    shift = np.einsum("hwcf,c->f", kernel, np.array(MEAN_BGR, np.float32))
    return [kernel[:, :, ::-1] * np.float32(255), bias - shift]
