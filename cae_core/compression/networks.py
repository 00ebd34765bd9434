"""A network of the zoo as the two halves of a codec, for images of any size.

A network with dense layers works on blocks of its own input's size. A convolutional one works on
the whole image, or, beyond `LARGEST_SIDE`, on equal parts of it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cae_core import zoo
from cae_core.architecture.layers import Unpca
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze, crossing_marks
from cae_core.compression.exact import ExactDecoder, holds_values, is_exact
from cae_core.compression.quantisation import CELL, LARGEST_GAIN
from cae_core.errors import CompressionError
from cae_core.formats import format_size
from cae_core.images.guards import MAX_PIXELS
from cae_core.images.operations import to_uint8
from cae_core.long_work import OnProgress
from cae_core.photos.apply import plan_photo
from cae_core.training.tasks import Reconstruct

LARGEST_SIDE = 1024
"""Height and width in pixels up to which a convolutional network works on the whole image."""

LARGEST_LATENT = 2**26
"""Numbers in the latents of the largest image: a gigabyte or two while they are coded."""

# Of one batch: of small ones the decoder's values stay in the processor's caches.
_BATCH_PIXELS = 16 * 32 * 32


@dataclass(frozen=True)
class Parts:
    """An image cut into equal parts, continued by its mirror image where they are larger.

    Attributes:
        rows: Parts from top to bottom.
        columns: Parts from left to right.
        height: Height of a part in pixels.
        width: Width of a part in pixels.
        latent: Height and width of a part's latent; 1 and 1 for a vector.
        channels: Channels of the latent.
    """

    rows: int
    columns: int
    height: int
    width: int
    latent: tuple[int, int]
    channels: int

    @property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of the latents of all parts side by side."""
        return self.rows * self.latent[0], self.columns * self.latent[1]

    @property
    def cell_side(self) -> int:
        """Positions of the latent on a side of a cell."""
        return max(1, CELL * self.latent[0] // self.height)

    def batches(self) -> Iterator[list[tuple[int, int]]]:
        """Rows and columns of the parts, as many at a time as one batch holds."""
        places = [(row, column) for row in range(self.rows) for column in range(self.columns)]
        size = max(1, _BATCH_PIXELS // (self.height * self.width))
        yield from (places[start : start + size] for start in range(0, len(places), size))


class CodecNetwork:
    """A network's encoder and decoder.

    Args:
        name: Name of a network in the zoo that was trained to give images back.

    Raises:
        ZooError: No such network, or weights that are not kept.
        CompressionError: A network that was trained on something else.
    """

    def __init__(self, name: str) -> None:
        self.card = zoo.card(name)
        architecture = self.card.architecture
        if architecture is None or not _gives_images_back(self.card):
            raise CompressionError(
                "An image is compressed by a network that was trained to give images back. "
                f"Received: {name!r}. Choose one of {', '.join(usable_names())}."
            )
        self.architecture: Architecture = architecture
        self.model = zoo.load(name)

    @property
    def is_grey(self) -> bool:
        """Whether the network is for images of one channel."""
        return self.architecture.input_shape[2] == 1

    @property
    def is_exact(self) -> bool:
        """Whether decoded images are the same on all machines, not the latents alone."""
        return is_exact(self.architecture) and holds_values(self.model, self.architecture)

    def parts(self, height: int, width: int) -> Parts:
        """How an image of some size is cut.

        Raises:
            CompressionError: It would take too many pixels or numbers.
        """
        rows, columns = (-(-side // LARGEST_SIDE) for side in (height, width))
        plan = plan_photo(self.architecture, -(-height // rows), -(-width // columns))
        if plan.is_whole:
            shape = (plan.padded_height, plan.padded_width)
        else:
            shape = self.architecture.input_shape[:2]
            rows, columns = (
                -(-side // own) for side, own in zip((height, width), shape, strict=True)
            )
        *latent, channels = _latent_shape(self.architecture, shape)
        parts = Parts(
            rows=rows,
            columns=columns,
            height=shape[0],
            width=shape[1],
            latent=(latent[0], latent[1]) if latent else (1, 1),
            channels=channels,
        )
        numbers = math.prod(parts.grid) * channels
        pixels = rows * columns * math.prod(shape)
        if numbers > LARGEST_LATENT or pixels > 2 * MAX_PIXELS:
            raise CompressionError(
                f"An image is compressed to at most {LARGEST_LATENT:,} numbers, and filled up to "
                f"at most {2 * MAX_PIXELS:,} pixels before. Received: {format_size(height, width)} "
                f"pixels, filled up to {pixels:,}, of which {self.card.name} makes {numbers:,} "
                "numbers. Compress it in parts."
            )
        return parts

    def encode(self, image: np.ndarray, parts: Parts) -> np.ndarray:
        """The latents of an image.

        Args:
            image: float32 (H, W, C) in [0, 1], C being the channels of the network.
            parts: How it is cut.

        Returns:
            float32 (rows, columns, N), see `Parts.grid`.
        """
        encoder, _ = self._split(parts.height, parts.width)
        latents = np.empty((*parts.grid, parts.channels), np.float32)
        for places in parts.batches():
            cut = [_cut(image, parts, row, column) for row, column in places]
            found = np.asarray(encoder(np.stack(cut), training=False))
            for (row, column), one in zip(places, found, strict=True):
                _place(latents, parts.latent, row, column)[:] = one
        return latents

    def decode(
        self, latents: np.ndarray, parts: Parts, on_progress: OnProgress | None = None
    ) -> np.ndarray:
        """The image of latents.

        Args:
            latents: float64 (rows, columns, N).
            parts: How the image was cut.
            on_progress: Called with the parts that are decoded and their number.

        Returns:
            uint8 (rows · height, columns · width, C) of the parts.
        """
        decoder = self._decoder(parts)
        is_vector = len(_latent_shape(self.architecture, (parts.height, parts.width))) == 1
        shape = (parts.rows * parts.height, parts.columns * parts.width)
        image = np.empty((*shape, self.architecture.input_shape[2]), np.uint8)
        done = 0
        for places in parts.batches():
            cut = np.stack([_place(latents, parts.latent, *place) for place in places])
            if is_vector:
                cut = cut.reshape(len(cut), parts.channels)
            for place, one in zip(places, decoder(cut), strict=True):
                _place(image, (parts.height, parts.width), *place)[:] = one
            done += len(places)
            if on_progress is not None:
                on_progress(done, parts.rows * parts.columns)
        return image

    def gains(self) -> np.ndarray:
        """Gains of the channels in quarter octaves, int (N,), see `quantisation`."""
        is_trained = self.card.error_weight is not None  # for one step of all channels
        if is_trained or isinstance(self.architecture.decoder[0], Unpca):  # of length 1
            *_, channels = analyze(self.architecture).latent_shape
            return np.zeros(channels, np.int64)
        return _gains(self.card.name, self.card.sha256)

    def _decoder(self, parts: Parts) -> Callable[[np.ndarray], np.ndarray]:
        """The decoder from a batch of latents to uint8 images."""
        if self.is_exact:
            return _exact_decoder(self.card.name, self.card.sha256)
        _, decoder = self._split(parts.height, parts.width)
        return lambda latents: to_uint8(
            np.asarray(decoder(latents.astype(np.float32), training=False))
        )

    def _split(self, height: int, width: int) -> tuple[Any, Any]:
        """Encoder and decoder for parts of some size."""
        return _halves(self.card.name, self.card.sha256, height, width)


@functools.lru_cache(maxsize=4)
def _halves(name: str, sha256: str, height: int, width: int) -> tuple[Any, Any]:
    """Caches encoders and decoders by their weights and the size of their images."""
    from cae_core.models.builder import build, split

    network = CodecNetwork(name)
    model, shape = network.model, (height, width, network.architecture.input_shape[2])
    if shape != network.architecture.input_shape:
        model = build(network.architecture, input_shape=shape)
        model.set_weights(network.model.get_weights())
    return split(model)


def usable_names() -> list[str]:
    """Names of the networks of the zoo that compress images.

    Example:
        >>> "homework" in usable_names(), "photo-denoiser" in usable_names()
        (True, False)
    """
    cards = map(zoo.card, zoo.names())
    return [card.name for card in cards if card.kept != zoo.NOT_KEPT and _gives_images_back(card)]


def _gives_images_back(card: zoo.Card) -> bool:
    """Whether a network was trained to make an image's latent the image, of nothing else."""
    architecture = card.architecture
    is_known = architecture is not None and not crossing_marks(architecture)
    return is_known and isinstance(card.task, Reconstruct)


@functools.lru_cache(maxsize=64)
def _latent_shape(architecture: Architecture, shape: tuple[int, int]) -> tuple[int, ...]:
    """Shape of the latent of an image of some height and width."""
    input_shape = (*shape, architecture.input_shape[2])
    return analyze(replace(architecture, input_shape=input_shape)).latent_shape


@functools.lru_cache(maxsize=4)
def _exact_decoder(name: str, sha256: str) -> ExactDecoder:
    """Caches the decoders of networks by their weights."""
    network = CodecNetwork(name)
    return ExactDecoder(network.model, network.architecture)


def _cut(image: np.ndarray, parts: Parts, row: int, column: int) -> np.ndarray:
    """One part of an image, at its border continued by its mirror image."""
    part = _place(image, (parts.height, parts.width), row, column)
    below, right = parts.height - part.shape[0], parts.width - part.shape[1]
    return np.pad(part, ((0, below), (0, right), (0, 0)), mode="symmetric")


def _place(array: np.ndarray, size: tuple[int, int], row: int, column: int) -> np.ndarray:
    """The part of an array that stands in a row and a column of parts."""
    height, width = size
    return array[row * height : (row + 1) * height, column * width : (column + 1) * width]


@functools.lru_cache(maxsize=8)
def _gains(name: str, sha256: str) -> np.ndarray:
    """Measures how much a change of each channel moves the decoded image.

    The root of the sum of squares over the image that a change of 1 makes, for one position. All
    positions of the latent of grey are changed alike, as rounding does where an image is smooth:
    there errors add up that cancel out elsewhere.
    """
    network = CodecNetwork(name)
    encoder, decoder = network._split(*network.architecture.input_shape[:2])
    grey = np.full((1, *network.architecture.input_shape), 0.5, np.float32)
    latent = np.asarray(encoder(grey, training=False))
    positions, channels = math.prod(latent.shape[1:-1]), latent.shape[-1]
    size = 0.05 * max(float(np.abs(latent).max()), 1.0)
    changed = np.repeat(latent, channels, axis=0)  # (N, ..., N), one for each channel
    changed[np.arange(channels), ..., np.arange(channels)] += size
    middle = np.asarray(decoder(latent, training=False))
    squares = [
        np.square(np.asarray(decoder(changed[start : start + 64], training=False)) - middle)
        for start in range(0, channels, 64)
    ]
    sums = np.concatenate(squares).sum(axis=(1, 2, 3)) / (positions * size**2)
    # A channel that moves nothing in grey may do so elsewhere.
    gains = np.sqrt(np.maximum(sums, 1e-3 * sums.max()))
    # In half octaves, so that most channels have that of the one before, which costs no bits.
    return np.clip(2 * np.rint(2 * np.log2(gains)), -LARGEST_GAIN, LARGEST_GAIN).astype(np.int64)
