"""Principal component analysis: the test error of the best linear autoencoder by latent size.

A latent of k numbers is worth its name where its error lies below that of the first k principal
components. Source of the bound: Baldi & Hornik, "Neural networks and
principal component analysis", Neural Networks 1989.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cae_core.data.dataset import Dataset
from cae_core.data.registry import DATASETS
from cae_core.errors import RecordError
from cae_core.files import write_text
from cae_core.records import read_json

# Latent sizes at which the error is computed.
COMPONENTS = (1, 2, 4, 8, 10, 16, 32, 49, 64, 128, 256, 512, 768, 1000, 1024, 2048)
_BLOCK = 4_096


def pca_test_errors(data: Dataset) -> dict[int, float]:
    """Test error of the best linear autoencoder by latent size.

    Args:
        data: Training images to fit, test images to measure.

    Returns:
        Mean squared error on images in [0, 1] by number of components, up to the images'
        own size. The reconstructions are not cut to [0, 1].

    Example:
        >>> ramp = np.arange(256, dtype=np.uint8).reshape(64, 2, 2, 1)
        >>> errors = pca_test_errors(Dataset("ramp", ramp, ramp[:8], ramp[:8]))
        >>> list(errors), errors[4] < 1e-9
        ([1, 2, 4], True)
    """
    size = int(np.prod(data.image_shape))
    mean = data.train.reshape(len(data.train), size).mean(axis=0, dtype=np.float64) / 255
    mean = mean.astype(np.float32)
    covariance = np.zeros((size, size), np.float32)
    for block in _blocks(data.train, mean):
        covariance += block.T @ block
    vectors = np.linalg.eigh(covariance)[1][:, ::-1]  # the largest first
    energy, total = np.zeros(size), 0.0
    for block in _blocks(data.test, mean):
        energy += np.square(block @ vectors).sum(axis=0, dtype=np.float64)
        total += float(np.square(block).sum(dtype=np.float64))
    left = np.maximum(total - np.cumsum(energy), 0.0) / (len(data.test) * size)
    return {count: float(left[count - 1]) for count in COMPONENTS if count <= size}


def pca_weights(dataset: str, components: int) -> int:
    """Numbers that PCA keeps of a data set: its components, which serve both ways, and two biases.

    Args:
        dataset: A name of `cae_core.data.registry.DATASETS`.
        components: Length of the latent.

    Example:
        >>> pca_weights("cifar10", 64)
        199744
    """
    size = math.prod(DATASETS[dataset].image_shape)
    return size * components + components + size


def save_pca_line(dataset: str, path: str) -> None:
    """Computes the errors for a data set and writes them as JSON; for a background worker.

    Args:
        dataset: Name of the data set, as `cae_core.load_dataset` takes it.
        path: Path of the JSON file.
    """
    from cae_core.data.registry import load_dataset

    errors = pca_test_errors(load_dataset(dataset))
    write_text(path, json.dumps(errors))


def load_pca_line(path: str | Path) -> dict[int, float] | None:
    """Reads the errors that `save_pca_line` wrote; None where the file does not exist.

    Raises:
        RecordError: The file is something else.
    """
    path = Path(path)
    if not path.exists():
        return None
    line = read_json(dict[int, float], path)
    if not line or min(line) < 1 or not all(0 < error <= 1 for error in line.values()):
        raise RecordError(f"{path.name} holds no errors by number of components")
    return line


def _blocks(images: np.ndarray, mean: np.ndarray) -> Iterator[np.ndarray]:
    """Centred images as rows, a few thousand at a time: (n, H·W·C) float32."""
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK]
        yield block.reshape(len(block), -1) / np.float32(255) - mean
