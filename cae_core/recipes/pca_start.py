"""The start of a network at principal components, from where it is trained on.

The network is an image filter, ``pca``, ``unpca`` and another image filter (`cae_core.architecture.
layers.principal`). The filters' last convolutions start at zero and the rest at PCA, so the
untrained network is PCA. Importing this module does not import Keras.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cae_core.architecture.layers import Add, Conv, Mark, Pca, Shuffle, Unpca, Unshuffle
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze

if TYPE_CHECKING:
    import keras

ROOT_HALF = np.float32(0.5**0.5)
_BLOCK = 5_000  # images at a time


def principal_components(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and principal components of images.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        The mean (D,), D = H·W·C, and the components as columns (D, D), the largest variance first.

    Example:
        >>> images = np.array([[0, 0], [51, 51]], np.uint8).reshape(2, 1, 2, 1)
        >>> mean, components = principal_components(images)
        >>> mean.round(6).tolist(), abs(components[:, 0]).round(3).tolist()
        ([0.1, 0.1], [0.707, 0.707])
    """
    rows = images.reshape(len(images), -1)
    blocks = [rows[at : at + _BLOCK] / np.float32(255) for at in range(0, len(rows), _BLOCK)]
    mean = sum(block.sum(axis=0, dtype=np.float64) for block in blocks) / len(rows)
    moments = sum((block.T @ block).astype(np.float64) for block in blocks) / len(rows)
    return mean, np.linalg.eigh(moments - np.outer(mean, mean))[1][:, ::-1]


def mirror_components(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and principal components of images together with their mirror images.

    Each component is either even or odd under left-right mirroring, so its left half, times the
    root of 2, is all of it.

    Args:
        images: uint8 (N, H, W, C), W even.

    Returns:
        The mean as an even vector (D,), D = H·W·C / 2, and the even and the odd components as
        columns (D, D), the largest variance first.
    """
    count, half = len(images), images.shape[2] // 2
    total: Any = 0.0
    moments: list[Any] = [0.0, 0.0]
    for start in range(0, count, _BLOCK):
        block = images[start : start + _BLOCK] / np.float32(255)
        left, right = block[:, :, :half], block[:, :, : half - 1 : -1]
        parts = [(left + right) * ROOT_HALF, (left - right) * ROOT_HALF]
        rows = [part.reshape(len(block), -1) for part in parts]
        total = total + rows[0].sum(axis=0, dtype=np.float64)
        moments = [m + (r.T @ r).astype(np.float64) for m, r in zip(moments, rows, strict=True)]
    mean = total / count
    covariances = (moments[0] / count - np.outer(mean, mean), moments[1] / count)
    even, odd = (np.linalg.eigh(matrix)[1][:, ::-1] for matrix in covariances)
    return mean, even, odd


def start_at_pca(
    model: keras.Model, architecture: Architecture, images: np.ndarray, *, seed: int
) -> np.ndarray:
    """Sets a network's weights so that it is PCA of images.

    Args:
        model: The network.
        architecture: Its architecture, with one pca; where its components are mirror-symmetric,
            they are those of the images and their mirror images.
        images: uint8 (N, H, W, C).
        seed: Seed of the convolutions' random start.

    Returns:
        The mean as `mirror_components` or `principal_components` gives it.
    """
    layers = architecture.layers
    pca = next(layer for layer in layers if isinstance(layer, Pca))
    if pca.even is None:
        mean, components = principal_components(images)
        image_mean = mean
        parts = {"kernel": components[:, : pca.units]}
    else:
        mean, even, odd = mirror_components(images)
        height, width, channels = architecture.input_shape
        left = (mean * ROOT_HALF).reshape(height, width // 2, channels)
        image_mean = np.concatenate([left, left[:, ::-1]], axis=1).ravel()
        parts = {"even_kernel": even[:, : pca.even], "odd_kernel": odd[:, : pca.units - pca.even]}
    bias = np.zeros(pca.units)
    first = next(iter(parts.values()))  # odd components of an even mean are 0
    bias[: first.shape[1]] = -mean @ first
    random = np.random.default_rng(seed)
    for index, layer in enumerate(layers, start=1):
        if isinstance(layer, Mark):
            continue
        weights = model.get_layer(layer.keras_name(index))
        if isinstance(layer, Pca):
            for name, part in parts.items():
                getattr(weights, name).assign(part)
            weights.bias.assign(bias)
        elif isinstance(layer, Unpca):
            if layer.weights == "own":
                for name, part in parts.items():
                    getattr(weights, name).assign(part.T)
            weights.bias.assign(image_mean)
        elif isinstance(layer, Conv):
            shape = tuple(weights.kernel.shape)
            scale = start_scale(architecture, index)
            gain = 1.0 if layer.activation == "linear" else 2.0  # He et al., 2015
            kernel = random.normal(0, scale * (gain / math.prod(shape[:3])) ** 0.5, shape)
            weights.kernel.assign(kernel)
            # Behind an unshuffled image: as if its mean had been taken away.
            centre = -image_mean.mean() if isinstance(layers[index - 2], Unshuffle) else 0.0
            weights.bias.assign(centre * kernel.sum(axis=(0, 1, 2)))
    return mean


def start_scale(architecture: Architecture, index: int) -> float:
    """Factor of a convolution's start: 0 where it is added to an image, 1/2 to another tensor.

    Args:
        architecture: An architecture as in `start_at_pca`.
        index: The convolution's place, counted from 1.

    Example:
        >>> text = "4x4x1 @a conv8:silu conv1:linear add@a pca4 | unpca"
        >>> architecture = Architecture.parse(text)
        >>> start_scale(architecture, 2), start_scale(architecture, 3)
        (1.0, 0.0)
    """
    rows = analyze(architecture).rows
    after = [layer for layer in architecture.layers[index:] if not isinstance(layer, Shuffle)]
    if not after or not isinstance(after[0], Add):
        return 1.0
    mark = next(row for row in rows if row.layer == Mark(after[0].name))
    return 0.0 if mark.output_shape == architecture.input_shape else 0.5
