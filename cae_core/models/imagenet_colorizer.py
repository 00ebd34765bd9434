"""A colorizer that knows what it sees: ImageNet's features of a grey image, and a light decoder.

Importing this module imports Keras.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from cae_core.models.ab_bins import ab_bin_centres
from cae_core.models.efficientnet import build_efficientnet_lite0
from cae_core.models.efficientnet_stages import STAGES
from cae_core.models.layers import PixelShuffle
from cae_core.models.networks import convolution, register_network, residual_block

# The stages whose outputs the decoder sees, and their strides.
SEEN_STAGES, STRIDES = (1, 2, 4, 6), (4, 8, 16, 32)
# About the root mean square of these outputs, by which they are divided.
_SCALES = (10.0, 7.0, 4.5, 2.0)
# The decoder's channels at these strides. With 192 or 320 in place of 128 the error on validation
# squares is no smaller: there are few photographs.
CHANNELS = (64, 96, 128, 96)


@register_network("imagenet-colorizer")
def build_imagenet_colorizer(dtype: str = "float32", dropout: float = 0.0) -> keras.Model:
    """A network that predicts the colours a grey image may have from what is to be seen in it.

    Args:
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for convolutions in bfloat16.
        dropout: As for `build_trunk`.

    Returns:
        A model from lightness (B, H, W, 1) in [0, 1] to logits (B, H/4, W/4, K) over
        `ab_bin_centres`; H and W multiples of 32. Its parts are the models ``encoder`` and
        ``trunk`` and the layer ``tail``.

    Source: bins: Zhang, Isola & Efros, "Colorful Image Colorization", ECCV 2016; features of a
    classifier: Larsson, Maire & Shakhnarovich, "Learning Representations for Automatic
    Colorization", ECCV 2016.

    Example:
        >>> build_imagenet_colorizer().count_params() < 6_000_000
        True
    """
    encoder = build_encoder(dtype)
    features = encoder(encoder.input)
    logits = build_tail(dtype)(build_trunk(dtype, dropout)(features))
    return keras.Model(encoder.input, ops.cast(logits, "float32"), name="imagenet-colorizer")


def build_encoder(dtype: str = "float32") -> keras.Model:
    """EfficientNet-Lite0 for grey images.

    Args:
        dtype: As for `build_imagenet_colorizer`.

    Returns:
        A model from lightness (B, H, W, 1) in [0, 1] to features at the strides `STRIDES`.
    """
    encoder = build_efficientnet_lite0(1, dtype)
    seen = [encoder.outputs[stage] for stage in SEEN_STAGES]
    return keras.Model(encoder.input, seen, name="encoder")


def build_trunk(dtype: str = "float32", dropout: float = 0.0) -> keras.Model:
    """The decoder: residual blocks from the coarsest features to the finest.

    The mean of the features over the whole image is not among them: that taught the network its few
    photographs by heart.

    Args:
        dtype: As for `build_imagenet_colorizer`.
        dropout: Share of the features' channels, and of the values inside every residual block,
            that training leaves out.

    Returns:
        A model from the outputs of `build_encoder` to (B, H/4, W/4, C).
    """
    conv = functools.partial(convolution, dtype=dtype)

    def relu(x: Any) -> Any:
        return keras.layers.ReLU(dtype=dtype)(x)

    features = [keras.Input((None, None, STAGES[stage].channels)) for stage in SEEN_STAGES]
    x: Any = None
    for level in reversed(range(len(STRIDES))):
        stride, channels = STRIDES[level], CHANNELS[level]
        seen = features[level] / _SCALES[level]
        seen = keras.layers.SpatialDropout2D(dropout, dtype=dtype)(seen)
        seen = conv(channels, 1, f"see_{stride}", gain=1.0)(seen)
        if x is None:
            x = seen
            continue
        # (B, h, w, c) -> (B, 2h, 2w, channels)
        x = conv(4 * channels, 1, f"double_{stride}", gain=1.0)(x)
        x = PixelShuffle(2, dtype=dtype)(x) + seen
        if level > 0:
            x = residual_block(x, f"block_{stride}", dropout=dropout, dtype=dtype)
    # Half the work of a block, where there are the most pixels.
    x = relu(conv(CHANNELS[0], 3, "finest")(relu(x)))
    return keras.Model(features, x, name="trunk")


def build_tail(dtype: str = "float32") -> keras.layers.Layer:
    """The last layer: from the output of `build_trunk` to logits, at any places.

    Args:
        dtype: As for `build_imagenet_colorizer`.

    Returns:
        A layer (..., C) -> (..., K).
    """
    return keras.layers.Dense(len(ab_bin_centres()), name="tail", dtype=dtype)


def parts(colorizer: keras.Model) -> Sequence[Any]:
    """Encoder, trunk and tail of a network that `build_imagenet_colorizer` built."""
    return [colorizer.get_layer(name) for name in ("encoder", "trunk", "tail")]
