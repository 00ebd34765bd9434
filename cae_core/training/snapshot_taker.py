"""Takes the snapshots of a training while it runs. Importing this module imports Keras."""

from __future__ import annotations

import math
import time
from typing import Any

import keras
import numpy as np
from keras import ops

from cae_core.models.builder import LATENT
from cae_core.training.evaluation import Samples
from cae_core.training.snapshots import Room, Snapshots, as_half, moments

ALWAYS = 8  # snapshots that are taken whatever they cost: where most happens
LARGEST_SHARE = 0.02  # of the training's time


class SnapshotTaker(keras.callbacks.Callback):
    """Takes a snapshot at the moments that `moments` names, as far as time allows.

    After the first few one is left out where all of them have taken more than `LARGEST_SHARE` of
    the training's time. The last one is of the weights at the end, which need not be the best
    epoch's.

    Args:
        samples: The sample images, with the network that is trained.
        steps: Steps of the whole training.
        batches: Steps of an epoch.
    """

    def __init__(self, samples: Samples, steps: int, batches: int) -> None:
        super().__init__()
        self.samples = samples
        self.batches = batches
        network = samples.model
        latent = network.get_layer(LATENT).output
        self.network = keras.Model(network.input, [latent, network.output])
        self.first = _first_layer(network)
        self.room = Room.of(
            image_numbers=samples.clean[0].size,
            latent_numbers=math.prod(latent.shape[1:]),
            kernel_numbers=math.prod(self._kernels().shape[:-1]),
        )
        self.moments = moments(steps, self.room.moments) if self.room.moments else []
        self.started = time.monotonic()
        self.seconds = 0.0  # that the snapshots have taken
        self.steps: list[int] = []
        self.taken: list[tuple[np.ndarray, ...]] = []

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        """Takes one of the random weights, where nothing is trained yet."""
        if not self.steps:
            self._take(0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Notes the epoch."""
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Takes one where its moment has come: it is asked after every few steps only."""
        # The last group of steps of an epoch may count further than there are batches.
        done = self.epoch * self.batches + min(batch + 1, self.batches)
        is_due = any(self.steps[-1] < moment <= done for moment in self.moments)
        if is_due and (self._is_cheap() or done == self.moments[-1]):
            self._take(done)

    def _is_cheap(self) -> bool:
        """Whether the snapshots so far are few, or have taken little of the time."""
        share = self.seconds / (time.monotonic() - self.started)
        return len(self.taken) < ALWAYS or share <= LARGEST_SHARE

    def _take(self, step: int) -> None:
        """Takes a snapshot, where there is room for any."""
        self.steps.append(step)
        if not self.room.moments:
            return
        began = time.monotonic()
        count = self.room.images
        latents, outputs = self.network(self.samples.inputs[:count], training=False)
        arrays = (
            self.samples.output_pixels(outputs),
            as_half(ops.convert_to_numpy(ops.cast(latents, "float32"))),
            as_half(self._kernels()[..., : self.room.kernels]),
        )
        self.taken.append(arrays)
        self.seconds += time.monotonic() - began

    def _kernels(self) -> np.ndarray:
        """The first layer's weights, (H, W, C, M); none where it has no kernels to show."""
        if self.first is None:
            return np.zeros((1, 1, 1, 0), np.float32)
        kernels = ops.convert_to_numpy(self.first.kernel)
        return kernels if kernels.ndim == 4 else kernels.reshape(*self.samples.inputs.shape[1:], -1)

    def snapshots(self) -> Snapshots | None:
        """All that were taken; None where there is no room for any."""
        if not self.taken:
            return None
        outputs, latents, kernels = (np.stack(arrays) for arrays in zip(*self.taken, strict=True))
        images = self.samples.now()[0, : self.room.images]
        epochs = np.array(self.steps) / self.batches
        return Snapshots(epochs, images, outputs, latents, kernels)

    def resume(self, earlier: Snapshots) -> None:
        """Goes on from the snapshots of a training that is resumed."""
        self.steps = [round(epoch * self.batches) for epoch in earlier.epochs]
        self.taken = list(zip(earlier.outputs, earlier.latents, earlier.kernels, strict=True))


def _first_layer(network: keras.Model) -> keras.layers.Layer | None:
    """The first layer with weights, where they are kernels on the input: else None."""
    first: Any = next((layer for layer in network.layers if layer.weights), None)
    if type(first) is keras.layers.Conv2D:
        return first
    numbers = math.prod(network.input_shape[1:])
    is_on_pixels = type(first) is keras.layers.Dense and first.kernel.shape[0] == numbers
    return first if is_on_pixels else None
