"""The network behind `cae_core.denoise`: one for every noise level, applied to any size.

Importing this module imports Keras.
"""

from __future__ import annotations

import functools
from typing import Any

import keras
from keras import ops

from cae_core.models.layers import PixelShuffle, PixelUnshuffle
from cae_core.models.networks import convolution, register_network

# Below about this sigma the estimated noise is scaled down, to nothing at sigma 0.
GATE_SIGMA = 1 / 255


@keras.saving.register_keras_serializable(package="cae_lab")
class GatedDifference(keras.layers.Layer):
    """noisy - noise * sigma / (sigma + 1/255): the image itself at sigma 0."""

    def call(self, inputs: tuple[Any, Any, Any]) -> Any:
        """Takes the estimated noise off where there is noise."""
        noisy, noise, sigma = inputs
        return noisy - ops.cast(noise, noisy.dtype) * (sigma / (sigma + GATE_SIGMA))


@register_network("photo-denoiser")
def build_photo_denoiser(
    channels: int = 64, blocks: tuple[int, int, int] = (2, 3, 2), dtype: str = "float32"
) -> keras.Model:
    """A residual U-Net of two levels that takes the noise off an image.

    Works at half the image's resolution (pixels rearranged into channels, as in FFDNet), and
    between its first and last blocks at a quarter. Knows the noise level from a map of sigma, so
    that one network serves every level. No layer has a bias, so that image and sigma scaled
    together give the result scaled (Mohan et al.), but for the gate near sigma 0.

    Args:
        channels: Channels of every convolution between the first and the last.
        blocks: Residual blocks before, at, and after the quarter resolution.
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for convolutions in bfloat16.

    Returns:
        A model from ``[noisy (B, H, W, 3), sigma (B, H, W, 1)]`` to clean (B, H, W, 3), not
        clipped, H and W multiples of 4.

    Source: Zhang et al., "FFDNet", TIP 2018; Zhang et al., "Plug-and-Play Image Restoration
    with Deep Denoiser Prior" (DRUNet), TPAMI 2021; Mohan et al., "Robust and interpretable
    blind image denoising via bias-free convolutional neural networks", ICLR 2020.

    Example:
        >>> build_photo_denoiser().count_params()
        563264
    """
    noisy = keras.Input((None, None, 3), name="noisy")
    sigma = keras.Input((None, None, 1), name="sigma")
    noise = residual_unet(noisy, sigma, channels, blocks, dtype)
    clean = GatedDifference(dtype="float32")([noisy, noise, sigma])
    return keras.Model([noisy, sigma], clean, name="photo_denoiser")


def residual_unet(
    noisy: Any, level: Any, channels: int, blocks: tuple[int, int, int], dtype: str
) -> Any:
    """The noise of an image by a residual U-Net of two levels without biases.

    Args:
        noisy: (B, H, W, 3), H and W multiples of 4.
        level: (B, H, W, K), maps of the noise level.
        channels: Channels of every convolution between the first and the last.
        blocks: Residual blocks before, at, and after the quarter resolution.
        dtype: Number format of the convolutions.

    Returns:
        The estimated noise, (B, H, W, 3).
    """
    conv = functools.partial(convolution, use_bias=False, dtype=dtype)

    def residual_blocks(x: Any, count: int, stage: str) -> Any:
        """Several times: the input plus conv(relu(conv(input)))."""
        for index in range(1, count + 1):
            inner = conv(channels, 3, f"{stage}_{index}_first")(x)
            inner = keras.layers.ReLU(dtype=dtype)(inner)
            x = x + conv(channels, 3, f"{stage}_{index}_second", gain=0.1)(inner)
        return x

    # (B, H, W, 3) and (B, H, W, K) -> (B, H/2, W/2, 12 + K)
    pixels = PixelUnshuffle(2)(noisy)
    level = keras.layers.AveragePooling2D(2)(level)
    x = conv(channels, 3, "head", gain=1.0)(keras.layers.Concatenate()([pixels, level]))
    x = half = residual_blocks(x, blocks[0], "before")
    # (B, H/2, W/2, C) -> (B, H/4, W/4, C)
    x = conv(channels, 2, "down", stride=2, gain=1.0)(x)
    x = residual_blocks(x, blocks[1], "quarter")
    # (B, H/4, W/4, C) -> (B, H/2, W/2, C)
    x = PixelShuffle(2, dtype=dtype)(conv(4 * channels, 1, "up", gain=1.0)(x))
    x = residual_blocks(x + half, blocks[2], "after")
    # (B, H/2, W/2, C) -> (B, H, W, 3)
    return PixelShuffle(2, dtype=dtype)(conv(12, 3, "tail", gain=0.1)(x))
