"""A denoiser that learns from one noisy photo alone, without a clean one.

Some pixels are hidden: each is replaced by a mean of its neighbours, and the network has to say
what was there. It cannot know the noise, which differs from pixel to pixel, so it learns the image.
This holds for noise that is independent from pixel to pixel; what a camera's JPEG makes of noise is
not, and is partly learnt along.

Source: Batson & Royer, "Noise2Self: Blind Denoising by Self-Supervision", ICML 2019; Krull,
Buchholz & Jug, "Noise2Void - Learning Denoising from Single Noisy Images", CVPR 2019.

Importing this module does not import Keras.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cae_core.architecture.notation import Architecture
from cae_core.errors import ImageError
from cae_core.formats import format_size
from cae_core.images.operations import as_image
from cae_core.long_work import ShouldStop, stop_if
from cae_core.photos.apply import apply_to_photo

# Of the networks that were tried for 40 seconds on two cores the best; 16,947 parameters in colour.
LAYERS = "conv24 conv24 conv24 | conv24 conv{channels}:linear"
STEPS = 400
SMALLEST_SIDE = 16
_CROP, _BATCH = 64, 8
_HIDDEN = 1 / 8  # share of the pixels
_LEARNING_RATE = 3e-3
_STEPS_PER_REPORT = 25
# Weights of the neighbours that stand in for a hidden pixel, as in Noise2Self's code.
_NEIGHBOURS = np.array([[0.5, 1.0, 0.5], [1.0, 0.0, 1.0], [0.5, 1.0, 0.5]], np.float32) / 6


@dataclass(frozen=True)
class SelfProgress:
    """A report of a training on one photo.

    Attributes:
        done: Steps that are done.
        steps: Steps of the whole training.
        loss: Mean squared error at hidden pixels, which holds the noise's variance as well.
        denoised: Returns the photo as the network denoises it now, as `train_on_photo` does.
    """

    done: int
    steps: int
    loss: float
    denoised: Callable[[], np.ndarray]


def train_on_photo(
    image: np.ndarray,
    *,
    steps: int = STEPS,
    seed: int = 0,
    on_progress: Callable[[SelfProgress], object] | None = None,
    should_stop: ShouldStop | None = None,
) -> np.ndarray:
    """Trains a small network on a noisy photo, and denoises the photo with it.

    Args:
        image: (H, W), (H, W, 1) or (H, W, 3), each side at least 16; uint8, or float in [0, 1],
            beyond which noise may reach.
        steps: Steps of 8 pieces of 64x64 pixels; 400 take about 40 seconds on two cores, whatever
            the size of the photo.
        seed: Seed of weights, pieces and hidden pixels.
        on_progress: Called every 25 steps.
        should_stop: Asked every 25 steps; True ends the training.

    Returns:
        float32 of the image's shape in [0, 1].

    Raises:
        ImageError: Not such an image, or a smaller one.
        StoppedError: `should_stop()` said so.

    Example:
        >>> noisy = np.random.default_rng(0).random((32, 32))
        >>> train_on_photo(noisy, steps=1).shape
        (32, 32)
    """
    import keras

    from cae_core.models.builder import build

    shape = np.shape(image)
    noisy = as_image(image, unclipped=True)
    if len(shape) == 2 or shape[2] == 1:
        noisy = noisy[:, :, :1]
    height, width, channels = noisy.shape
    if min(height, width) < SMALLEST_SIDE:
        raise ImageError(
            f"A photo to train on has at least {SMALLEST_SIDE} pixels on each side. "
            f"Received: {format_size(height, width)}. Choose a larger one."
        )
    layers = LAYERS.format(channels=channels)
    architecture = Architecture.parse(f"{_CROP}x{_CROP}x{channels} {layers}")
    network = build(architecture, input_shape=(None, None, channels), seed=seed)
    rate = keras.optimizers.schedules.CosineDecay(_LEARNING_RATE, steps)
    network.compile(keras.optimizers.Adam(rate), loss=_error_at_hidden_pixels)

    def denoised() -> np.ndarray:
        return apply_to_photo(network, architecture, noisy).reshape(shape)

    pieces = _Pieces(noisy, np.random.default_rng(seed))
    for done in range(0, steps, _STEPS_PER_REPORT):
        stop_if(should_stop, "The training on the photo", f"{done} of {steps} steps")
        now = min(_STEPS_PER_REPORT, steps - done)
        # All of one part of the training at once: a call of `fit` takes as long as some steps.
        inputs, targets = pieces.draw(now * _BATCH)
        history = network.fit(inputs, targets, batch_size=_BATCH, shuffle=False, verbose=0)
        if on_progress is not None:
            loss = float(history.history["loss"][0])
            on_progress(SelfProgress(done + now, steps, loss, denoised))
    return denoised()


def _error_at_hidden_pixels(targets: Any, outputs: Any) -> Any:
    """Mean squared error where the last channel of the targets is 1; (B, h, w, C + 1) -> ()."""
    from keras import ops

    wanted, hidden = targets[..., :-1], targets[..., -1:]
    channels = outputs.shape[-1]
    return ops.sum(hidden * ops.square(outputs - wanted)) / (channels * ops.sum(hidden) + 1e-6)


class _Pieces:
    """Pieces of a noisy image with hidden pixels, as inputs and targets of a training.

    Args:
        noisy: float32 (H, W, C).
        random: Draws places, turns and hidden pixels.
    """

    def __init__(self, noisy: np.ndarray, random: np.random.Generator) -> None:
        from scipy.ndimage import convolve

        self.noisy = noisy
        self.neighbours = convolve(noisy, _NEIGHBOURS[:, :, np.newaxis], mode="mirror")
        self.side = min(_CROP, *noisy.shape[:2])
        self.random = random

    def draw(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Inputs (N, h, w, C), and targets (N, h, w, C + 1) with the hidden pixels as last channel.

        Args:
            count: Number of pieces N.
        """
        pairs = [self._piece() for _ in range(count)]
        inputs, targets = (np.stack(part) for part in zip(*pairs, strict=True))
        return inputs, targets

    def _piece(self) -> tuple[np.ndarray, np.ndarray]:
        """One piece, mirrored and turned at random."""
        top, left = (
            self.random.integers(length - self.side + 1) for length in self.noisy.shape[:2]
        )
        place = slice(top, top + self.side), slice(left, left + self.side)
        hidden = self.random.random((self.side, self.side, 1)) < _HIDDEN
        inputs = np.where(hidden, self.neighbours[place], self.noisy[place])
        targets = np.concatenate([self.noisy[place], hidden.astype(np.float32)], axis=-1)
        turns, is_mirrored = int(self.random.integers(4)), self.random.integers(2)
        inputs, targets = (np.rot90(part, turns) for part in (inputs, targets))
        return (inputs[:, ::-1], targets[:, ::-1]) if is_mirrored else (inputs, targets)
