"""A decoder computed in whole numbers: the same image, bit for bit, on every machine.

Sums of floats depend on their order, and with it on the processor and the library. Here values and
weights are rounded to whole multiples of a power of two, so small that no sum reaches 2^53. Up to
there float64 adds and multiplies whole numbers without any rounding, in whatever order a fast
matrix product has. Between layers values are rounded again; activations come from a table, made
by additions, multiplications and divisions alone, which all processors round alike.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cae_core.architecture.layers import (
    Activation,
    Add,
    BatchNorm,
    Conv,
    Dense,
    Layer,
    Mark,
    Reshape,
    Shuffle,
    Unpca,
    Unshuffle,
    Up,
)
from cae_core.architecture.notation import Architecture
from cae_core.errors import CompressionError

# Values are multiples of 2^-16 of at most 2^8, weights multiples of 2^-20 or coarser.
_VALUE_BITS = 16
_LARGEST = 2.0 ** (8 + _VALUE_BITS)
_WEIGHT_BITS = 20
_EXACT = 2.0**53
# Activations are tabled for inputs from -16 to 16 in steps of 2^-13.
_TABLE_SIDE = 16
_TABLE_BITS = 13
_SQUARE_ROOT_OF_HALF = 0.7071067811865476


def is_exact(architecture: Architecture) -> bool:
    """Whether `ExactDecoder` computes the network's decoder.

    Example:
        >>> is_exact(Architecture.parse("conv8 pool | up conv3:sigmoid"))
        True
        >>> is_exact(Architecture.parse("conv8 pool | up:bilinear conv3:sigmoid"))
        False
    """
    return all(_is_known(layer) for layer in architecture.decoder)


def holds_values(model: Any, architecture: Architecture) -> bool:
    """Whether a decoder's values stay below 2^8, as far as its batch normalisations say.

    Some networks have thousands before one, which would be cut off here.

    Args:
        model: The network, made by `cae_core.build`.
        architecture: Its architecture.
    """
    first = len(architecture.encoder) + 1
    for index, layer in enumerate(architecture.decoder, start=first):
        if isinstance(layer, BatchNorm):
            *_, mean, variance = model.get_layer(layer.keras_name(index)).get_weights()
            if (np.abs(mean) + 8 * np.sqrt(variance)).max() > _LARGEST / 2.0**_VALUE_BITS:
                return False
    return True


def _is_known(layer: Layer) -> bool:
    """Whether a layer can be computed in whole numbers."""
    if layer.output_activation not in {None, "linear", "relu", *_CURVES}:
        return False
    if isinstance(layer, Up):
        return layer.interpolation == "nearest"
    if isinstance(layer, Conv):
        return layer.dilation == 1
    return type(layer) in {Mark, Add, *_STEPS}


class ExactDecoder:
    """The decoder of a network in whole numbers.

    Args:
        model: The network, made by `cae_core.build`.
        architecture: Its architecture; `is_exact` and `holds_values` are true of it.

    Example:
        >>> import cae_core as cae
        >>> architecture = Architecture.parse("conv4 pool | up conv3:sigmoid")
        >>> decoder = ExactDecoder(cae.build(architecture), architecture)
        >>> decoder(np.zeros((2, 16, 16, 4))).shape
        (2, 32, 32, 3)
    """

    def __init__(self, model: Any, architecture: Architecture) -> None:
        first = len(architecture.encoder) + 1
        self._layers = [
            (layer, _weights_of(model, layer, index))
            for index, layer in enumerate(architecture.decoder, start=first)
        ]

    def __call__(self, latents: np.ndarray) -> np.ndarray:
        """Images of latents.

        Args:
            latents: float64 (B, ...).

        Returns:
            uint8 (B, H, W, C).
        """
        values = _bounded(np.rint(latents * 2.0**_VALUE_BITS))
        marked: dict[str, np.ndarray] = {}
        for layer, weights in self._layers:
            if isinstance(layer, Mark):
                marked[layer.name] = values
            elif isinstance(layer, Add):
                values = _bounded(values + marked[layer.name])
            else:
                values = _STEPS[type(layer)](values, layer, weights)
        return np.rint(np.clip(values, 0, 2.0**_VALUE_BITS) * 255 / 2.0**_VALUE_BITS).astype(
            np.uint8
        )


def _bounded(values: np.ndarray) -> np.ndarray:
    """Values within what sums stay exact for."""
    return np.clip(values, -_LARGEST, _LARGEST, out=values)


def _weights_of(model: Any, layer: Layer, index: int) -> Any:
    """Weights and biases of a layer as float64; None for one without."""
    if isinstance(layer, Mark):
        return None
    keras_layer = model.get_layer(layer.keras_name(index))
    if isinstance(layer, Unpca):
        return _unpca_weights(keras_layer)
    found = [np.asarray(each, np.float64) for each in keras_layer.get_weights()]
    if not found:
        return None
    if isinstance(layer, BatchNorm):
        gamma, beta, mean, variance = found
        scale = gamma / np.sqrt(variance + keras_layer.epsilon)
        return _Affine(scale[np.newaxis], beta - mean * scale)
    return _Affine(*found)


class _Affine:
    """A kernel (..., in, out) and biases as whole numbers.

    The finest multiples are taken with which no sum of any values reaches 2^53.

    Args:
        kernel: The weights.
        bias: The biases (out,).
    """

    def __init__(self, kernel: np.ndarray, bias: np.ndarray) -> None:
        for bits in range(_WEIGHT_BITS, 0, -1):
            self.kernel = np.rint(kernel * 2.0**bits)
            self.bias = np.rint(bias * 2.0 ** (bits + _VALUE_BITS))
            self.back = 2.0**-bits
            largest = np.abs(self.kernel).sum(axis=tuple(range(kernel.ndim - 1))) * _LARGEST
            if (largest + np.abs(self.bias)).max() < _EXACT:
                return
        raise CompressionError(
            "A decoder is computed in whole numbers where its weights are moderate. "
            f"Received: weights up to {np.abs(kernel).max():.3g}. Choose another network."
        )

    def finished(self, sums: np.ndarray) -> np.ndarray:
        """Sums of products with the biases, rounded to values again."""
        sums += self.bias
        sums *= self.back
        return _bounded(np.rint(sums, out=sums))


def _flat(values: np.ndarray) -> np.ndarray:
    """(B, H, W, C) -> (B · H · W, C)."""
    return np.ascontiguousarray(values).reshape(-1, values.shape[-1])


def _convolve(values: np.ndarray, layer: Conv, weights: _Affine) -> np.ndarray:
    """A convolution: a matrix product for every place of its window."""
    batch, *sides, _ = values.shape
    height, width, channels = layer.output_shape(values.shape[1:])
    kernel, stride = layer.kernel, layer.stride
    if layer.padding == "same":
        lacking = [
            max((out - 1) * stride + kernel - side, 0)
            for out, side in zip((height, width), sides, strict=True)
        ]
        around = [(each // 2, each - each // 2) for each in lacking]
        values = np.pad(values, [(0, 0), *around, (0, 0)])
    sums = np.zeros((batch * height * width, channels))
    for row in range(kernel):
        for column in range(kernel):
            seen = values[
                :,
                row : row + (height - 1) * stride + 1 : stride,
                column : column + (width - 1) * stride + 1 : stride,
            ]
            sums += _flat(seen) @ weights.kernel[row, column]
    return _activated(weights.finished(sums), layer.activation).reshape(
        batch, height, width, channels
    )


def _dense(values: np.ndarray, layer: Dense, weights: _Affine) -> np.ndarray:
    """A dense layer."""
    return _activated(weights.finished(values @ weights.kernel), layer.activation)


def _unpca_weights(keras_layer: Any) -> tuple[_Affine, tuple[int, ...]]:
    """Components as the rows of one kernel, and the image's shape."""
    height, width, channels = shape = keras_layer.image_shape
    names = ["kernel"] if keras_layer.even is None else ["even_kernel", "odd_kernel"]
    kernels = [np.asarray(keras_layer.components(name), np.float64) for name in names]
    bias = np.asarray(keras_layer.bias, np.float64)
    if len(kernels) == 1:
        return _Affine(kernels[0], bias), shape
    # Left halves: the right ones are their mirror images, for odd components with another sign.
    even, odd = (kernel.reshape(-1, height, width // 2, channels) for kernel in kernels)
    wholes = [
        np.concatenate([even, even[:, :, ::-1]], axis=2),
        np.concatenate([odd, -odd[:, :, ::-1]], axis=2),
    ]
    kernel = np.concatenate(wholes).reshape(-1, math.prod(shape)) * _SQUARE_ROOT_OF_HALF
    return _Affine(kernel, bias), shape


def _unpca(
    values: np.ndarray, layer: Unpca, weights: tuple[_Affine, tuple[int, ...]]
) -> np.ndarray:
    """Adds up the components."""
    components, shape = weights
    return components.finished(values @ components.kernel).reshape(-1, *shape)


def _shuffled(values: np.ndarray, factor: int) -> np.ndarray:
    """Channels become pixels."""
    batch, height, width, channels = values.shape
    split = values.reshape(batch, height, width, factor, factor, channels // factor**2)
    # (B, H, W, f, f, C) -> (B, H, f, W, f, C)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * factor, width * factor, -1)


def unshuffled(values: np.ndarray, factor: int) -> np.ndarray:
    """Pixels become channels, as the layer ``unshuffle`` does it.

    Args:
        values: (B, H, W, C), the sides multiples of the factor.
        factor: Side of the squares whose pixels become channels.
    """
    batch, height, width, channels = values.shape
    split = values.reshape(batch, height // factor, factor, width // factor, factor, channels)
    # (B, H, f, W, f, C) -> (B, H, W, f, f, C)
    return split.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height // factor, width // factor, -1)


_STEPS: dict[type[Layer], Callable[[np.ndarray, Any, Any], np.ndarray]] = {
    Conv: _convolve,
    BatchNorm: lambda values, layer, weights: weights.finished(values * weights.kernel[0]),
    Dense: _dense,
    Unpca: _unpca,
    Shuffle: lambda values, layer, _: _shuffled(values, layer.factor),
    Unshuffle: lambda values, layer, _: unshuffled(values, layer.factor),
    Activation: lambda values, layer, _: _activated(values, layer.function),
    Reshape: lambda values, layer, _: values.reshape(-1, layer.height, layer.width, layer.channels),
    Up: lambda values, layer, _: values.repeat(layer.factor, axis=1).repeat(layer.factor, axis=2),
}


# --- Activations -----------------------------------------------------------------------------


def _exponential(numbers: np.ndarray) -> np.ndarray:
    """Exponentials of numbers from -16 to 16, rounded alike everywhere, unlike `np.exp`."""
    small = numbers / 1024  # e^x = (e^(x / 1024))^1024
    series = np.ones_like(small)
    for term in range(8, 0, -1):
        series = 1 + small * series / term
    for _ in range(10):
        series = series * series
    return series


_CURVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid": lambda x: 1 / (1 + _exponential(-x)),
    "silu": lambda x: x / (1 + _exponential(-x)),
}


@functools.cache
def _table(name: str) -> np.ndarray:
    """Values of an activation at all tabled inputs."""
    count = _TABLE_SIDE << _TABLE_BITS
    inputs = np.arange(-count, count + 1) / 2.0**_TABLE_BITS
    return np.rint(_CURVES[name](inputs) * 2.0**_VALUE_BITS)


def _activated(values: np.ndarray, name: str) -> np.ndarray:
    """Values after an activation."""
    if name == "linear":
        return values
    if name == "relu":
        return np.maximum(values, 0, out=values)
    count = _TABLE_SIDE << _TABLE_BITS
    places = np.rint(values * 2.0 ** (_TABLE_BITS - _VALUE_BITS))
    indices = np.clip(places, -count, count).astype(np.int64) + count
    table = _table(name)
    found = table[indices]
    if name == "silu":  # beyond the table: the number itself above, 0 below
        np.copyto(found, values, where=places > count)
    return found
