"""The network behind `cae_core.colorize`: lightness in, a probability for every colour bin out.

Importing this module imports Keras.
"""

from __future__ import annotations

import functools

import keras
from keras import ops

from cae_core.models.ab_bins import ab_bin_centres
from cae_core.models.layers import PixelShuffle, PixelUnshuffle
from cae_core.models.networks import convolution, register_network, residual_block

CHANNELS = (40, 64, 88, 96)


@register_network("colorizer")
def build_colorizer(
    channels: tuple[int, ...] = CHANNELS, dtype: str = "float32", dropout: float = 0.0
) -> keras.Model:
    """A residual U-Net that predicts the colours a grey image may have.

    Works at half the image's resolution and below: the eye sees edges in lightness, which is
    known. At the coarsest level the mean over the whole image is added to every pixel.

    Args:
        channels: Channels at half the resolution, a quarter, and so on.
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for convolutions in bfloat16.
        dropout: Share of values that training leaves out inside every residual block.

    Returns:
        A model from lightness (B, H, W, 1) in [0, 1] to logits (B, H/2, W/2, K) over
        `ab_bin_centres`; H and W multiples of 16.

    Source: Ronneberger et al., "U-Net", MICCAI 2015; bins: Zhang, Isola & Efros, "Colorful
    Image Colorization", ECCV 2016.

    Example:
        >>> build_colorizer().count_params() < 1_000_000
        True
    """
    conv = functools.partial(convolution, dtype=dtype)
    block = functools.partial(residual_block, dropout=dropout, dtype=dtype)

    lightness = keras.Input((None, None, 1), name="lightness")
    # (B, H, W, 1) -> (B, H/2, W/2, 4)
    x = PixelUnshuffle(2)(lightness - 0.5)
    x = conv(channels[0], 3, "head", gain=1.0)(x)
    finer = []
    for level, wider in enumerate(channels[1:], start=1):
        x = block(x, f"down_{level}")
        finer.append(x)
        # (B, h, w, c) -> (B, h/2, w/2, wider)
        x = conv(wider, 2, f"halve_{level}", stride=2, gain=1.0)(x)
    x = block(x, "coarsest_1")
    x = x + conv(channels[-1], 1, "whole", gain=0.1)(
        keras.layers.GlobalAveragePooling2D(keepdims=True, dtype=dtype)(ops.relu(x))
    )
    x = block(x, "coarsest_2")
    for level, skip in reversed(list(enumerate(finer, start=1))):
        # (B, h/2, w/2, wider) -> (B, h, w, c)
        x = conv(4 * skip.shape[-1], 1, f"double_{level}", gain=1.0)(x)
        x = block(PixelShuffle(2, dtype=dtype)(x) + skip, f"up_{level}")
    x = keras.layers.ReLU(dtype=dtype)(x)
    logits = keras.layers.Conv2D(len(ab_bin_centres()), 1, name="tail", dtype=dtype)(x)
    return keras.Model(lightness, ops.cast(logits, "float32"), name="colorizer")
