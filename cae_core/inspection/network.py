"""A trained network taken apart: its two halves and the output of every layer.

Importing this module does not import Keras; taking a network apart does.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cae_core.architecture.layers import Mark
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import crossing_marks
from cae_core.training.tasks import Task

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 128  # images at a time


@dataclass(frozen=True)
class Encoded:
    """Images squeezed by a network.

    Attributes:
        latents: float32 (N, h, w, c), or (N, n) for a latent that is a vector.
        images: The true images, float32 (N, H, W, C) in [0, 1]: a task may need them to make an
            image of the output.
        skipped: The tensors that skip connections lead around the latent, (N, ...) each.
    """

    latents: np.ndarray
    images: np.ndarray
    skipped: tuple[np.ndarray, ...] = ()

    def with_latents(self, latents: np.ndarray, images: np.ndarray | None = None) -> Encoded:
        """Other latents in place of those of one image; all else is that image's.

        Args:
            latents: (M, ...) for any M.
            images: (M, H, W, C) in place of the image's own.
        """
        count = len(latents)
        kept = images if images is not None else _repeated(self.images, count)
        return Encoded(latents, kept, tuple(_repeated(each, count) for each in self.skipped))


def _repeated(array: np.ndarray, count: int) -> np.ndarray:
    """The first element (1, ...) as often as asked for, without copying it."""
    return np.broadcast_to(array[:1], (count, *array.shape[1:]))


class InspectedNetwork:
    """A trained network, to be looked into.

    Args:
        model: The network, made by `cae_core.build`.
        architecture: Its architecture.
        task: Task it was trained on: makes its inputs, and images of its outputs.
        seed: Seed of the task's noise.

    Example:
        >>> import cae_core as cae
        >>> arch = cae.Architecture.parse("conv4 pool | up conv3:sigmoid")
        >>> network = InspectedNetwork(cae.build(arch), arch, cae.Reconstruct())
        >>> encoded = network.encode(np.zeros((2, 32, 32, 3), np.uint8))
        >>> encoded.latents.shape, network.decode(encoded).shape
        ((2, 16, 16, 4), (2, 32, 32, 3))
    """

    def __init__(
        self, model: keras.Model, architecture: Architecture, task: Task, seed: int = 0
    ) -> None:
        from cae_core.models.builder import split

        self.model = model
        self.architecture = architecture
        self.task = task
        self.seed = seed
        self._encoder, self._decoder = split(model)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of the images that go in."""
        height, width, channels = self.architecture.input_shape
        return height, width, 3 if self.task.needs_color else channels

    @property
    def has_skips(self) -> bool:
        """Whether skip connections lead around the latent."""
        return bool(crossing_marks(self.architecture))

    def inputs(self, images: np.ndarray) -> np.ndarray:
        """The network's inputs: images corrupted by the task, its noise the same every time.

        Args:
            images: uint8 (N, H, W, C).

        Returns:
            float32 (N, H, W, channels of the network's input).
        """
        return np.asarray(self.task.corrupt(_scaled(images), self.seed), np.float32)

    def encode(self, images: np.ndarray) -> Encoded:
        """Squeezes images, uint8 (N, H, W, C)."""
        latents, *skipped = _run(self._encoder, [self.inputs(images)])
        return Encoded(latents, _scaled(images), tuple(skipped))

    def decode(self, encoded: Encoded) -> np.ndarray:
        """The images that latents stand for, float32 (N, H, W, C) in [0, 1]."""
        tensors = [encoded.latents, *encoded.skipped]
        if len(encoded.latents) == 1:
            # Compiled, for the sliders under which one image is decoded again and again.
            batch = [np.ascontiguousarray(tensor) for tensor in tensors]
            outputs = self._decoder.predict_on_batch(batch if len(batch) > 1 else batch[0])
        else:
            (outputs,) = _run(self._decoder, tensors)
        images = self.task.image(outputs, encoded.images)
        return np.clip(np.asarray(images, np.float32), 0.0, 1.0)

    def activations(self, image: np.ndarray) -> list[np.ndarray]:
        """The network's input and the output of every layer, in their order.

        Args:
            image: uint8 (H, W, C).

        Returns:
            float32 arrays (H', W', C') or (n,): the input first, then one per layer of the
            architecture. A mark's output is that of the layer before it.
        """
        outputs = iter(_run(self._layers, [self.inputs(image[np.newaxis])]))
        found = [next(outputs)[0]]
        for layer in self.architecture.layers:
            found.append(found[-1] if isinstance(layer, Mark) else next(outputs)[0])
        return found

    @functools.cached_property
    def _layers(self) -> keras.Model:
        """From the network's input to it and the outputs of all layers but marks."""
        import keras

        outputs = [
            self.keras_layer(index).output
            for index, layer in enumerate(self.architecture.layers, start=1)
            if not isinstance(layer, Mark)
        ]
        return keras.Model(self.model.input, [self.model.input, *outputs])

    def keras_layer(self, index: int) -> keras.layers.Layer:
        """The Keras layer of a layer, by its place counted from 1."""
        return self.model.get_layer(self.architecture.layers[index - 1].keras_name(index))


def _scaled(images: np.ndarray) -> np.ndarray:
    """uint8 images as float32 in [0, 1]."""
    return images / np.float32(255)


def _run(model: keras.Model, tensors: Sequence[np.ndarray]) -> list[np.ndarray]:
    """A model's outputs for any number of inputs.

    Layer by layer and not compiled: compiling takes up to a second for every size of a batch.
    """
    batches: list[list[np.ndarray]] = []
    for start in range(0, len(tensors[0]), BATCH_SIZE):
        batch = [np.ascontiguousarray(tensor[start : start + BATCH_SIZE]) for tensor in tensors]
        outputs: Any = model(batch if len(batch) > 1 else batch[0], training=False)
        several = outputs if isinstance(outputs, list | tuple) else [outputs]
        batches.append([np.asarray(each) for each in several])
    return [np.concatenate(parts) for parts in zip(*batches, strict=True)]
