"""Outputs and errors of a network on images. Importing this module imports Keras."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from cae_core.images.metrics import psnr_from_mse
from cae_core.training.losses import scaled, ssim
from cae_core.training.tasks import Task

SAMPLE_COUNT = 8
# Offsets from the run's seed, so that no two streams of noise are the same.
TRAINING_NOISE, VALIDATION_NOISE, SAMPLE_NOISE, TEST_NOISE = range(4)


class Corruption(keras.layers.Layer):
    """From uint8 images to a network's inputs: scaled to [0, 1] and corrupted by the task.

    Args:
        task: Task whose corruption is applied.
        seed: Seed of the noise, which is drawn anew on every call.
    """

    def __init__(self, task: Task, seed: int) -> None:
        super().__init__(name="corruption")
        self.task = task
        self.noise = keras.random.SeedGenerator(seed)

    def call(self, images: Any) -> Any:
        """Scales and corrupts."""
        return self.task.corrupt(scaled(images), self.noise)


def evaluate(
    model: keras.Model, images: np.ndarray, task: Task, *, seed: int = 0, batch_size: int = 256
) -> dict[str, float]:
    """Test figures of a model on images, its output taken as an image in [0, 1].

    Args:
        model: The network.
        images: uint8 images (N, H, W, C).
        task: Task that makes the network's inputs, and images of its outputs.
        seed: Seed of the task's noise.
        batch_size: Images at a time.

    Returns:
        ``mse`` and ``mae`` over all numbers; ``psnr`` in dB and ``ssim`` as means over the
        images; the number of ``images``.
    """
    return mean_figures(*per_image_errors(model, images, task, seed=seed, batch_size=batch_size))


def per_image_errors(
    model: keras.Model, images: np.ndarray, task: Task, *, seed: int = 0, batch_size: int = 256
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean squared error, mean absolute error and SSIM of every image, (N,) each.

    The arguments are those of `evaluate`.
    """
    inputs, clean, image = _graph(model, images.shape[1:], task, seed)
    # (B, H, W, C) -> (B,)
    outputs = [
        ops.mean(ops.square(image - clean), axis=(1, 2, 3)),
        ops.mean(ops.abs(image - clean), axis=(1, 2, 3)),
        ssim(image, clean),
    ]
    predicted = keras.Model(inputs, outputs).predict(images, batch_size=batch_size, verbose=0)
    squared, absolute, similarity = (np.asarray(values, np.float64) for values in predicted)
    return squared, absolute, similarity


def mean_figures(
    squared: np.ndarray, absolute: np.ndarray, similarity: np.ndarray
) -> dict[str, float]:
    """Test figures, as `evaluate` returns them, of `per_image_errors`."""
    return {
        "mse": float(squared.mean()),
        "mae": float(absolute.mean()),
        "psnr": float(psnr_from_mse(squared).mean()),
        "ssim": float(similarity.mean()),
        "images": len(squared),
    }


def output_images(
    model: keras.Model, images: np.ndarray, task: Task, *, seed: int = 0, batch_size: int = 256
) -> np.ndarray:
    """Outputs of a model as images, the same ones that `evaluate` measures.

    The arguments are those of `evaluate`.

    Returns:
        float32 (N, H, W, C) in [0, 1].
    """
    inputs, _, image = _graph(model, images.shape[1:], task, seed)
    clipped = keras.Model(inputs, ops.clip(image, 0.0, 1.0))
    return np.asarray(clipped.predict(images, batch_size=batch_size, verbose=0))


def _graph(
    model: keras.Model, shape: tuple[int, ...], task: Task, seed: int
) -> tuple[Any, Any, Any]:
    """Symbolic uint8 images of a shape, the same scaled, and a model's outputs as images."""
    images = keras.Input(shape, dtype="uint8")
    inputs = Corruption(task, seed * 10 + TEST_NOISE)(images)
    clean = scaled(images)
    return images, clean, task.image(model(inputs, training=False), clean)


class Samples:
    """A few images that a network is watched on while it trains; their noise stays the same.

    Args:
        model: The network.
        task: Task that makes the network's inputs, and images of its outputs.
        images: uint8 (N, H, W, C).
        seed: Seed of the task's noise.
    """

    def __init__(self, model: keras.Model, task: Task, images: np.ndarray, seed: int) -> None:
        self.model = model
        self.task = task
        self.clean = images / np.float32(255)
        self.inputs = ops.convert_to_numpy(Corruption(task, seed * 10 + SAMPLE_NOISE)(images))

    def now(self) -> np.ndarray:
        """Images, inputs and outputs of the network as it is now, (3, N, H, W, C) uint8."""
        outputs = self.model(self.inputs, training=False)
        # A grey input is repeated for as many channels as the images have.
        inputs = np.broadcast_to(self.inputs, self.clean.shape)
        return np.stack([_pixels(self.clean), _pixels(inputs), self.output_pixels(outputs)])

    def output_pixels(self, outputs: Any) -> np.ndarray:
        """The images that outputs for the first ones stand for, (M, H, W, C) uint8."""
        return _pixels(ops.convert_to_numpy(self.task.image(outputs, self.clean[: len(outputs)])))


def _pixels(images: np.ndarray) -> np.ndarray:
    """Images in [0, 1] as uint8, cut to that range."""
    return np.round(np.clip(images, 0, 1) * 255).astype(np.uint8)


def samples_of(model: keras.Model, task: Task, images: np.ndarray, seed: int = 0) -> np.ndarray:
    """Images, inputs and outputs of a network, (3, N, H, W, C) uint8; arguments as in `Samples`."""
    return Samples(model, task, images, seed).now()
