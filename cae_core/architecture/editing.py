"""Changes to an architecture, one at a time, for the form in the app.

Positions count the layers from 0, the encoder's first. Every function returns a new
architecture; none but `adapted` looks at whether the layers still fit each other, which `analyze`
shows.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from cae_core.architecture.layers import MAX_SIDE, Conv, Deconv, Dense, Layer, Normal, Reshape
from cae_core.architecture.notation import Architecture
from cae_core.architecture.remedies import find_remedies
from cae_core.architecture.report import analyze
from cae_core.errors import ArchitectureError


def insert_layer(architecture: Architecture, position: int, layer: Layer) -> Architecture:
    """Puts a layer before the one at `position`; at the bar it becomes the latent's layer.

    Example:
        >>> from cae_core.architecture.layers import MaxPool
        >>> a = Architecture.parse("conv8 | conv3")
        >>> str(insert_layer(a, 1, MaxPool()))
        'conv8 pool | conv3'
    """
    layers = list(architecture.layers)
    layers.insert(position, layer)
    latent = len(architecture.encoder)
    return _with_layers(architecture, layers, latent + (position <= latent))


def remove_layer(architecture: Architecture, position: int) -> Architecture:
    """Takes a layer out.

    Raises:
        ArchitectureError: Where it is the only layer on its side of the latent.

    Example:
        >>> str(remove_layer(Architecture.parse("conv8 pool | up conv3"), 1))
        'conv8 | up conv3'
    """
    layers = list(architecture.layers)
    del layers[position]
    latent = len(architecture.encoder)
    return _with_layers(architecture, layers, latent - (position < latent))


def replace_layer(architecture: Architecture, position: int, layer: Layer) -> Architecture:
    """Puts a layer in the place of another.

    Example:
        >>> from cae_core.architecture.layers import Conv
        >>> str(replace_layer(Architecture.parse("conv8 pool | up conv3"), 0, Conv(16)))
        'conv16 pool | up conv3'
    """
    layers = list(architecture.layers)
    layers[position] = layer
    return _with_layers(architecture, layers, len(architecture.encoder))


def move_layer(architecture: Architecture, position: int, to: int) -> Architecture:
    """Moves a layer to another position; the latent stays behind the same number of layers.

    Example:
        >>> str(move_layer(Architecture.parse("conv8 pool | up conv3"), 0, 1))
        'pool conv8 | up conv3'
    """
    layers = list(architecture.layers)
    layers.insert(to, layers.pop(position))
    return _with_layers(architecture, layers, len(architecture.encoder))


def move_latent(architecture: Architecture, layers_before: int) -> Architecture:
    """Ends the encoder behind another number of layers.

    Example:
        >>> str(move_latent(Architecture.parse("conv8 pool | up conv3"), 1))
        'conv8 | pool up conv3'
    """
    return _with_layers(architecture, list(architecture.layers), layers_before)


def adapted(
    architecture: Architecture,
    input_shape: tuple[int, int, int],
    output_shape: tuple[int, int, int],
    activation: str | None = None,
) -> Architecture:
    """The network for other images or another task: its input, its output, its reshapes.

    Args:
        architecture: The network.
        input_shape: (H, W, C) of the new input.
        output_shape: (H, W, C) wanted of the new output.
        activation: The new activation of the last layer; None keeps it.

    Returns:
        The changed network. Where its layers do not fit each other then, the smallest change
        after which they do is made, too; where none is found, they are left to `analyze`.

    Example:
        >>> homework = Architecture.parse("conv8 pool | up conv3:sigmoid")
        >>> str(adapted(homework, (28, 28, 1), (28, 28, 1)))
        '28x28x1 conv8 pool | up conv1:sigmoid'
        >>> dense = Architecture.parse("flatten dense9 | dense3072:sigmoid reshape32x32x3")
        >>> str(adapted(dense, (28, 28, 1), (28, 28, 1)))
        '28x28x1 flatten dense9 | dense784:sigmoid reshape28x28x1'
    """
    layers = list(architecture.decoder)
    last = layers[-1]
    end = -1  # the layer whose activation the output has
    if isinstance(last, Conv | Deconv):
        layers[-1] = replace(last, channels=output_shape[2])
    elif isinstance(last, Reshape):
        layers[-1] = replace(last, channels=output_shape[2])
        end = -2
    height, width, _ = architecture.input_shape
    _resize_reshapes(layers, Fraction(output_shape[0], height), Fraction(output_shape[1], width))
    if activation is not None and hasattr(layers[end], "activation"):
        layers[end] = replace(layers[end], **{"activation": activation})
    changed = replace(architecture, input_shape=input_shape, decoder=tuple(layers))
    remedies = find_remedies(changed, output_shape)
    return remedies[0].architecture if remedies else changed


def _resize_reshapes(layers: list[Layer], down: Fraction, across: Fraction) -> None:
    """Makes reshapes larger or smaller, as far as whole pixels allow, and what is dense before."""
    for index, layer in enumerate(layers):
        if not isinstance(layer, Reshape):
            continue
        height, width = layer.height * down, layer.width * across
        if height.denominator == width.denominator == 1 and max(height, width) <= MAX_SIDE:
            layers[index] = replace(layer, height=int(height), width=int(width))
        dense = next((at for at in range(index, -1, -1) if isinstance(layers[at], Dense)), None)
        if dense is not None:
            size = math.prod(vars(layers[index]).values())
            layers[dense] = replace(layers[dense], **{"units": size})


def with_latent(architecture: Architecture, *, normal: bool) -> Architecture:
    """The same network with or without a normal distribution as latent, of as many numbers.

    Args:
        architecture: Its layers must fit each other.
        normal: True ends the encoder in a layer ``normal``, in place of a linear dense layer
            where it ends in one, and leaves no other; False puts the plain layer of the same
            output in its place.

    Example:
        >>> plain = Architecture.parse("28x28x1 flatten dense2:linear | dense784 reshape28x28x1")
        >>> print(with_latent(plain, normal=True))
        28x28x1 flatten normal2 | dense784 reshape28x28x1
        >>> with_latent(with_latent(plain, normal=True), normal=False) == plain
        True
    """
    end = len(architecture.encoder) - 1
    layers: list[Layer] = []
    for row in analyze(architecture).rows:
        layer = row.layer
        if isinstance(layer, Normal) and not (normal and row.index == end + 1):
            is_vector = len(row.output_shape) == 1
            layer = (
                Dense(layer.units, "linear")
                if is_vector
                else Conv(layer.units, kernel=1, activation="linear")
            )
        layers.append(layer)
    last = layers[end]
    if normal and not isinstance(last, Normal):
        latent = Normal(analyze(architecture).latent_shape[-1])
        if isinstance(last, Dense) and last.activation == "linear":
            layers[end] = latent
        else:
            end += 1
            layers.insert(end, latent)
    return _with_layers(architecture, layers, end + 1)


def _with_layers(architecture: Architecture, layers: list[Layer], latent: int) -> Architecture:
    """The same input, other layers; both halves must keep one."""
    if not 0 < latent < len(layers):
        raise ArchitectureError(
            "An architecture has at least one layer on each side of the latent. "
            "Received: a change that would leave one side empty. Add a layer there first."
        )
    return replace(architecture, encoder=tuple(layers[:latent]), decoder=tuple(layers[latent:]))
