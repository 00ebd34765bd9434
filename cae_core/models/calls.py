"""Which Keras layer stands for which token: said once, for `build` and for `codegen`.

`build` makes the calls, `codegen` writes them down, so that the generated script and the
model in the app cannot differ. Importing this module does not import Keras.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from cae_core.architecture.layers import (
    Activation,
    Add,
    AveragePool,
    BatchNorm,
    Blur,
    Concatenate,
    Conv,
    Crop,
    Deconv,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Pad,
    Reshape,
    Residual,
    Shuffle,
    SubPixel,
    Unshuffle,
    Up,
)


@dataclass(frozen=True)
class KerasCall:
    """The constructor call of one Keras layer.

    Attributes:
        layer_class: Class name in `keras.layers`, or in `cae_core.models.layers` if `is_own`.
        arguments: The call's keyword arguments, as plain Python values.
        has_kernel: Whether the layer starts from random weights.
        is_own: Whether the class is one of this project's.
    """

    layer_class: str
    arguments: dict[str, Any]
    has_kernel: bool = False
    is_own: bool = False


@functools.singledispatch
def keras_call(layer: Layer) -> KerasCall:
    """The Keras layer that a layer of the notation stands for.

    Example:
        >>> keras_call(Conv(8)).layer_class
        'Conv2D'
    """
    raise TypeError(f"No Keras layer for {type(layer).__name__}")


@keras_call.register
def _(layer: Conv) -> KerasCall:
    if layer.kernel == 1 and layer.stride > 1:
        arguments = {
            "filters": layer.channels,
            "stride": layer.stride,
            "activation": layer.activation,
        }
        return KerasCall("StridedPointwise", arguments, has_kernel=True, is_own=True)
    return KerasCall("Conv2D", _convolution_arguments(layer), has_kernel=True)


@keras_call.register
def _(layer: Deconv) -> KerasCall:
    return KerasCall("Conv2DTranspose", _convolution_arguments(layer), has_kernel=True)


def _convolution_arguments(layer: Conv | Deconv) -> dict[str, Any]:
    """What Conv2D and Conv2DTranspose have in common."""
    return {
        "filters": layer.channels,
        "kernel_size": layer.kernel,
        "strides": layer.stride,
        "padding": layer.padding,
        "activation": layer.activation,
    }


@keras_call.register
def _(layer: MaxPool) -> KerasCall:
    return KerasCall("MaxPooling2D", _pool_arguments(layer))


@keras_call.register
def _(layer: AveragePool) -> KerasCall:
    return KerasCall("AveragePooling2D", _pool_arguments(layer))


def _pool_arguments(layer: MaxPool | AveragePool) -> dict[str, Any]:
    """What both poolings have in common."""
    return {"pool_size": layer.size, "strides": layer.step, "padding": layer.padding}


@keras_call.register
def _(layer: Up) -> KerasCall:
    return KerasCall("UpSampling2D", {"size": layer.factor, "interpolation": layer.interpolation})


@keras_call.register
def _(layer: BatchNorm) -> KerasCall:
    # Keras's 0.99 needs about a thousand steps until the averages are those of the images.
    # Trainings here are often shorter, and would be tested with what is left of the start.
    return KerasCall("BatchNormalization", {"momentum": 0.9})


@keras_call.register
def _(layer: Activation) -> KerasCall:
    return KerasCall("Activation", {"activation": layer.function})


@keras_call.register
def _(layer: Dense) -> KerasCall:
    arguments = {"units": layer.units, "activation": layer.activation}
    return KerasCall("Dense", arguments, has_kernel=True)


@keras_call.register
def _(layer: Flatten) -> KerasCall:
    return KerasCall("Flatten", {})


@keras_call.register
def _(layer: Reshape) -> KerasCall:
    return KerasCall("Reshape", {"target_shape": (layer.height, layer.width, layer.channels)})


@keras_call.register
def _(layer: Pad) -> KerasCall:
    return KerasCall("ZeroPadding2D", {"padding": layer.pixels})


@keras_call.register
def _(layer: Crop) -> KerasCall:
    return KerasCall("Cropping2D", {"cropping": layer.pixels})


@keras_call.register
def _(layer: Concatenate) -> KerasCall:
    return KerasCall("Concatenate", {})


@keras_call.register
def _(layer: Add) -> KerasCall:
    return KerasCall("Add", {})


@keras_call.register
def _(layer: Shuffle) -> KerasCall:
    return KerasCall("PixelShuffle", {"factor": layer.factor}, is_own=True)


@keras_call.register
def _(layer: Unshuffle) -> KerasCall:
    return KerasCall("PixelUnshuffle", {"factor": layer.factor}, is_own=True)


@keras_call.register
def _(layer: Blur) -> KerasCall:
    return KerasCall("Blur", {}, is_own=True)


@keras_call.register
def _(layer: SubPixel) -> KerasCall:
    arguments = {"channels": layer.channels, "factor": layer.factor}
    return KerasCall("SubPixelUpsampling", arguments, has_kernel=True, is_own=True)


@keras_call.register
def _(layer: Residual) -> KerasCall:
    arguments = {
        "channels": layer.channels,
        "kernel": layer.kernel,
        "stride": layer.stride,
        "activation": layer.activation,
    }
    return KerasCall("ResidualBlock", arguments, has_kernel=True, is_own=True)
