"""The weights of a layer as kernels: small images that it looks for, or that it draws."""

from __future__ import annotations

import math

import numpy as np

from cae_core.architecture.layers import Conv, Deconv, Dense, DepthwiseConv, Flatten, Mark, Pca
from cae_core.architecture.receptive_field import walk
from cae_core.inspection.network import InspectedNetwork


def kernels_of(network: InspectedNetwork, index: int) -> np.ndarray | None:
    """The kernels of a layer.

    Args:
        network: The network.
        index: The layer's place, counted from 1.

    Returns:
        (height, width, input channels, output channels): of a convolution, or of a dense or
        principal-component layer that looks at a whole map. None for other layers.
    """
    nodes = walk(network.architecture)
    layer = nodes[index - 1].layer
    if isinstance(layer, Conv | Deconv | DepthwiseConv):
        kernel = network.keras_layer(index).get_weights()[0]
        # Keras has the channels of these two the other way round, or all in the third place.
        return kernel if isinstance(layer, Conv) else kernel.transpose(0, 1, 3, 2)
    if isinstance(layer, Dense):
        before = _past_marks(network, nodes[index - 1].inputs[0])
        if before and isinstance(nodes[before - 1].layer, Flatten):
            shape = nodes[before - 1].input_shape
            if len(shape) == 3:
                return network.keras_layer(index).get_weights()[0].reshape(*shape, layer.units)
    if isinstance(layer, Pca):
        return _components(network, index, layer.even)
    return None


def reads_image(network: InspectedNetwork, index: int) -> bool:
    """Whether a layer reads the network's input itself, past marks and a flatten."""
    nodes = walk(network.architecture)
    before = _past_marks(network, nodes[index - 1].inputs[0])
    if before and isinstance(nodes[before - 1].layer, Flatten):
        before = _past_marks(network, nodes[before - 1].inputs[0])
    return before == 0


def _past_marks(network: InspectedNetwork, index: int) -> int:
    """The node that made a tensor: marks make none."""
    nodes = walk(network.architecture)
    while index and isinstance(nodes[index - 1].layer, Mark):
        index = nodes[index - 1].inputs[0]
    return index


def _components(network: InspectedNetwork, index: int, even: int | None) -> np.ndarray:
    """The components of a pca, (H, W, C, units), their mirrored halves put together."""
    height, width, channels = walk(network.architecture)[index - 1].input_shape
    layer = network.keras_layer(index)
    if even is None:
        return np.asarray(layer.kernel).reshape(height, width, channels, -1)
    # (H·W/2·C, even or odd) -> (H, W/2, C, even or odd)
    half = (height, width // 2, channels, -1)
    left = [np.asarray(each).reshape(half) for each in (layer.even_kernel, layer.odd_kernel)]
    whole = [
        np.concatenate([part, sign * part[:, ::-1]], axis=1)
        for part, sign in zip(left, (1, -1), strict=True)
    ]
    return np.concatenate(whole, axis=-1) * math.sqrt(0.5)
