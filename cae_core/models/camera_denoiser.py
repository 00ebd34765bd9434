"""The network behind `cae_core.denoise` for camera noise: blind, applied to any size.

Importing this module imports Keras.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from cae_core.models.layers import PixelUnshuffle
from cae_core.models.networks import register_network
from cae_core.models.photo_denoiser import residual_unet

# Luma of red, green and blue (ITU-R BT.601), as JPEG has it.
LUMA = (0.299, 0.587, 0.114)
# The estimator gives one pair of levels for each 4x4 pixels, in units of this before softplus.
LEVEL_STRIDE = 4
LEVEL_UNIT = 0.1
# Below about this level the estimated noise is scaled down, to nothing at level 0.
GATE_LEVEL = 0.25 / 255


@keras.saving.register_keras_serializable(package="cae_lab")
class GatedLumaColor(keras.layers.Layer):
    """Subtracts luma noise and colour noise, each scaled by level / (level + 0.25/255).

    Where both levels are 0 the output is the noisy image; where one is, its luma or its colours.
    """

    def call(self, inputs: tuple[Any, Any, Any]) -> Any:
        """Subtracts noise (B, H, W, 3) with levels (B, H, W, 2) from an image."""
        noisy, noise, level = inputs
        noise = ops.cast(noise, noisy.dtype)
        luma = sum(noise[..., i : i + 1] * weight for i, weight in enumerate(LUMA))
        gate = level / (level + GATE_LEVEL)
        return noisy - luma * gate[..., :1] - (noise - luma) * gate[..., 1:]


@keras.saving.register_keras_serializable(package="cae_lab")
class ScaledSoftplus(keras.layers.Layer):
    """Softplus in units of `LEVEL_UNIT`, so that a level is never negative."""

    def call(self, inputs: Any) -> Any:
        """Rectifies."""
        return ops.softplus(inputs) * LEVEL_UNIT


def build_level_estimator(channels: int = 32, dtype: str = "float32") -> keras.Model:
    """Estimates the local level of luma noise and of colour noise.

    A level is a root mean square: of the noise's luma, and of the noise minus its luma over R, G
    and B. White noise of sigma has the levels 0.669 · sigma and 0.883 · sigma.

    Args:
        channels: Channels of every convolution.
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for convolutions in bfloat16.

    Returns:
        A model from noisy (B, H, W, 3) to levels (B, H/4, W/4, 2), H and W multiples of 4.
    """

    def conv(x: Any, name: str, stride: int = 1, dilation: int = 1) -> Any:
        return keras.layers.Conv2D(
            channels,
            3,
            strides=stride,
            dilation_rate=dilation,
            padding="same",
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(seed=len(name) + dilation),
            name=name,
            dtype=dtype,
        )(x)

    noisy = keras.Input((None, None, 3), name="noisy")
    # (B, H, W, 3) -> (B, H/2, W/2, 12) -> (B, H/4, W/4, C)
    x = conv(conv(PixelUnshuffle(2)(noisy), "pixels"), "quarter", stride=2)
    for dilation in (1, 2, 4):
        x = conv(x, f"wide_{dilation}", dilation=dilation)
    # (B, H/4, W/4, C) -> (B, H/4, W/4, 2)
    x = keras.layers.Conv2D(
        2,
        1,
        kernel_initializer=keras.initializers.VarianceScaling(0.01, seed=1),
        bias_initializer=keras.initializers.Constant(-1.5),
        name="levels",
        dtype="float32",
    )(x)
    return keras.Model(noisy, ScaledSoftplus(dtype="float32")(x), name="estimator")


@register_network("camera-denoiser")
def build_camera_denoiser(
    channels: int = 64, blocks: tuple[int, int, int] = (2, 2, 2), dtype: str = "float32"
) -> keras.Model:
    """A blind denoiser for camera noise, with strengths for luma noise and colour noise.

    An estimator gives the two noise levels at each place; they are multiplied by the strengths;
    a residual U-Net as in `build_photo_denoiser`, with two level maps in place of sigma,
    estimates the noise.

    Args:
        channels: Channels of the U-Net's convolutions.
        blocks: Its residual blocks before, at, and after the quarter resolution.
        dtype: ``"float32"``, or ``"mixed_bfloat16"`` for convolutions in bfloat16.

    Returns:
        A model from ``[image (B, H, W, 3), strength (B, H, W, 2)]`` to clean (B, H, W, 3), not
        clipped, H and W multiples of 4. Strength 1 is the estimated level, 0 returns the image.
        Its parts: ``get_layer("estimator")``, ``"enlarge"`` (B, H/4, W/4, 2 -> B, H, W, 2) and
        ``"denoiser"``, from ``[noisy, level]`` to clean.

    Source: Guo et al., "Toward Convolutional Blind Denoising of Real Photographs" (CBDNet),
    CVPR 2019.

    Example:
        >>> build_camera_denoiser().count_params()
        530658
    """
    noisy = keras.Input((None, None, 3), name="noisy")
    level = keras.Input((None, None, 2), name="level")
    noise = residual_unet(noisy, level, channels, blocks, dtype)
    clean = GatedLumaColor(dtype="float32")([noisy, noise, level])
    denoiser = keras.Model([noisy, level], clean, name="denoiser")
    estimator = build_level_estimator(dtype=dtype)
    image = keras.Input((None, None, 3), name="image")
    strength = keras.Input((None, None, 2), name="strength")
    enlarge = keras.layers.UpSampling2D(
        LEVEL_STRIDE, interpolation="bilinear", name="enlarge", dtype="float32"
    )
    weighted = keras.layers.Multiply(dtype="float32")([enlarge(estimator(image)), strength])
    return keras.Model([image, strength], denoiser([image, weighted]), name="camera_denoiser")
