"""Changes to an architecture, one at a time, for the form in the app.

Positions count the layers from 0, the encoder's first. Every function returns a new
architecture; none looks at whether the layers still fit each other, which `analyze` shows.
"""

from __future__ import annotations

from dataclasses import replace

from cae_core.architecture.layers import Conv, Deconv, Layer
from cae_core.architecture.notation import Architecture
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


def fit_to(
    architecture: Architecture,
    input_shape: tuple[int, int, int],
    output_channels: int,
    activation: str | None = None,
) -> Architecture:
    """The same layers for other images: another input, and as many channels in the output.

    Args:
        architecture: The architecture to change.
        input_shape: (H, W, C) of the new input.
        output_channels: Channels of the new output.
        activation: The last layer's new activation; None keeps it.

    Returns:
        The changed architecture. A last layer that is no convolution stays as it is.

    Example:
        >>> homework = Architecture.parse("conv8 pool | up conv3:sigmoid")
        >>> str(fit_to(homework, (28, 28, 1), 1))
        '28x28x1 conv8 pool | up conv1:sigmoid'
    """
    last = architecture.layers[-1]
    if isinstance(last, Conv | Deconv):
        last = replace(last, channels=output_channels, activation=activation or last.activation)
    return replace(
        architecture, input_shape=input_shape, decoder=(*architecture.decoder[:-1], last)
    )


def _with_layers(architecture: Architecture, layers: list[Layer], latent: int) -> Architecture:
    """The same input, other layers; both halves must keep one."""
    if not 0 < latent < len(layers):
        raise ArchitectureError(
            "An architecture has at least one layer on each side of the latent. "
            "Received: a change that would leave one side empty. Add a layer there first."
        )
    return replace(architecture, encoder=tuple(layers[:latent]), decoder=tuple(layers[latent:]))
