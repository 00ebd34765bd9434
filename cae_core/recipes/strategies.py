"""Training strategies: a single fit, one that starts at PCA, and three of a source.

A strategy trains in one or several phases, each with a checkpoint of its own. The source is
henriwoodcock, *Applying Modern Best Practices to Autoencoders*. Importing this module does not
import Keras; training does.
"""

from __future__ import annotations

import dataclasses
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cae_core import zoo
from cae_core.architecture.layers import Mark
from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.data.dataset import Dataset
from cae_core.models.precision import training_dtype
from cae_core.recipes.imagenet import EFFICIENTNET, VGG16
from cae_core.training.config import TrainConfig
from cae_core.training.progress import EpochRecord, Progress
from cae_core.training.runs import Run
from cae_core.training.tasks import Task

if TYPE_CHECKING:
    import keras

    from cae_core.training.loop import Start
    from cae_core.training.losses import ImageLoss


@dataclass(frozen=True, eq=False)
class Training:
    """Network, data and settings that a strategy is given.

    Attributes:
        architecture: The network.
        data: Training, validation and test images.
        task: Task to train on.
        config: Settings; the epochs are those of all phases together.
        folder: Folder of the checkpoints.
    """

    architecture: Architecture
    data: Dataset
    task: Task
    config: TrainConfig
    folder: Path


class Trained(Protocol):
    """A network after a phase of its training; a `Run` is one."""

    @property
    def model(self) -> keras.Model:
        """The trained network."""

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """The losses after every epoch."""


class Strategy(ABC):
    """A way to train a network; as text, a sentence for the card."""

    @abstractmethod
    def train(self, training: Training) -> Sequence[Trained]:
        """Trains a network, from the folder's checkpoints where there are any.

        Args:
            training: Network, data and settings.

        Returns:
            One per phase; the last one has the trained network.
        """


@dataclass(frozen=True)
class SingleFit(Strategy):
    """A single phase with the settings' own loss."""

    def train(self, training: Training) -> list[Run]:
        """See `Strategy.train`."""
        return [_phase(1, training)]

    def __str__(self) -> str:
        return ""


SINGLE_FIT = SingleFit()


@dataclass(frozen=True)
class StartAtPca(Strategy):
    """A single phase of a network that starts as PCA, see `cae_core.recipes.pca_start`."""

    def train(self, training: Training) -> list[Run]:
        """See `Strategy.train`."""
        from cae_core.models.builder import build
        from cae_core.recipes.pca_start import start_at_pca
        from cae_core.training.loop import Start

        architecture, seed = training.architecture, training.config.seed
        network = build(architecture, seed=seed)
        start_at_pca(network, architecture, training.data.train, seed=seed)
        return [_phase(1, training, start=Start(network.get_weights()))]

    def __str__(self) -> str:
        return "Started at the principal components of the training images."


@dataclass(frozen=True)
class ProgressiveResizing(Strategy):
    """Training on images of reduced resolution first, then on full-size images.

    Dense layers fix the input size, so the reduced images are enlarged again to the full size by
    repeating pixels.

    Attributes:
        factor: Factor by which height and width are reduced.
        epochs: Epochs on reduced images, out of all epochs.
    """

    factor: int = 2
    epochs: int = 5

    def train(self, training: Training) -> list[Run]:
        """See `Strategy.train`."""
        from cae_core.training.loop import Start

        data = training.data
        small = dataclasses.replace(
            data,
            train=coarse(data.train, self.factor),
            validation=coarse(data.validation, self.factor),
        )
        rest = training.config.epochs - self.epochs
        first = _phase(1, dataclasses.replace(training, data=small), epochs=self.epochs)
        weights = Start(first.model.get_weights())
        return [first, _phase(2, training, epochs=rest, start=weights)]

    def __str__(self) -> str:
        return (
            f"The first {self.epochs} epochs on images reduced {self.factor}-fold, their pixels "
            "enlarged again."
        )


def coarse(images: np.ndarray, factor: int) -> np.ndarray:
    """Images reduced by averaging squares of pixels and enlarged again by repeating pixels.

    Args:
        images: uint8 (N, H, W, C); height and width are multiples of the factor.
        factor: Side of the squares, in pixels.

    Returns:
        uint8 (N, H, W, C).

    Example:
        >>> coarse(np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1), 2).ravel().tolist()
        [2, 2, 2, 2]
    """
    count, height, width, channels = images.shape
    # (N, H, W, C) -> (N, h, factor, w, factor, C) -> (N, h, w, C)
    squares = images.reshape(count, height // factor, factor, width // factor, factor, channels)
    small = np.round(squares.mean(axis=(2, 4), dtype=np.float32)).astype(np.uint8)
    return small.repeat(factor, axis=1).repeat(factor, axis=2)


@dataclass(frozen=True)
class TransferLearning(Strategy):
    """First layers taken from a classifier: frozen at first, then fine-tuned at a smaller rate.

    Attributes:
        classifier: A judge of the zoo that begins with the same layers, ``imagenet``: the VGG-16 of
            `keras.applications`, whose weights Keras downloads, or ``efficientnet-lite0``.
        layers: Number of layers taken from the classifier.
        frozen_epochs: Epochs with these layers frozen, out of all epochs.
        slower: Divisor of the learning rate in the remaining epochs.
    """

    classifier: str
    layers: int
    frozen_epochs: int = 10
    slower: float = 10

    def train(self, training: Training) -> list[Run]:
        """See `Strategy.train`."""
        from cae_core.models.builder import build
        from cae_core.training.loop import Start

        names = [
            layer.keras_name(index)
            for index, layer in enumerate(training.architecture.layers[: self.layers], start=1)
            if not isinstance(layer, Mark)  # which is no layer of Keras's
        ]
        network = build(training.architecture, seed=training.config.seed)
        if self.classifier == VGG16:
            from cae_core.recipes.imagenet import copy_vgg16

            copy_vgg16(network, names)
        elif self.classifier == EFFICIENTNET:
            from cae_core.recipes.efficientnet_weights import copy_efficientnet_lite0

            copy_efficientnet_lite0(network, names)
        else:
            classifier = zoo.load(self.classifier)
            for name in names:
                network.get_layer(name).set_weights(classifier.get_layer(name).get_weights())
        start = Start(network.get_weights(), frozen=names)
        frozen = _phase(1, training, epochs=self.frozen_epochs, start=start)
        config = training.config
        gentle = dataclasses.replace(config, learning_rate=config.learning_rate / self.slower)
        then = dataclasses.replace(training, config=gentle)
        weights = Start(frozen.model.get_weights())
        rest = config.epochs - self.frozen_epochs
        return [frozen, _phase(2, then, epochs=rest, start=weights)]

    def __str__(self) -> str:
        return (
            f"The first {self.layers} layers are {self.classifier}'s, frozen for "
            f"{self.frozen_epochs} epochs, then trained at a learning rate {self.slower:g} times "
            "smaller."
        )


@dataclass(frozen=True)
class FeatureLossTraining(Strategy):
    """A loss on the features of a classifier as well as on pixels.

    Attributes:
        classifier: As in `TransferLearning`.
        layers: Names of the classifier's layers whose outputs are compared.
        weights: Weight of every layer; None for those of `FeatureLoss`.
    """

    classifier: str
    layers: tuple[str, ...]
    weights: tuple[float, ...] | None = None

    def train(self, training: Training) -> list[Run]:
        """See `Strategy.train`."""
        from cae_core.recipes.feature_loss import FEATURE_WEIGHTS, FeatureLoss

        classifier = self._loaded(training.architecture.input_shape)
        loss = FeatureLoss(classifier, self.layers, self.weights or FEATURE_WEIGHTS)
        return [_phase(1, training, loss=loss)]

    def _loaded(self, input_shape: tuple[int, int, int]) -> keras.Model:
        """The classifier; a judge in the precision that is fastest on this processor."""
        if self.classifier == VGG16:
            from cae_core.recipes.imagenet import load_vgg16

            return load_vgg16()
        if self.classifier == EFFICIENTNET:
            from cae_core.recipes.imagenet import load_efficientnet

            return load_efficientnet(input_shape)
        from cae_core.models.builder import build_for_training

        architecture = zoo.card(self.classifier).architecture
        assert architecture is not None  # noqa: S101 - judges are architectures
        dtype = training_dtype(analyze(architecture), "auto")
        copy = build_for_training(architecture, seed=0, dtype=dtype)
        copy.set_weights(zoo.load(self.classifier).get_weights())
        return copy

    def __str__(self) -> str:
        return (
            f"The loss adds to the pixels' the features of {self.classifier} after "
            f"{', '.join(self.layers)} and their gram matrices."
        )


def _phase(
    number: int,
    training: Training,
    *,
    epochs: int | None = None,
    loss: ImageLoss | None = None,
    start: Start | None = None,
) -> Run:
    """Trains one phase, by default for all epochs, with a checkpoint of its own."""
    from cae_core.training.loop import train

    return train(
        training.architecture,
        training.data,
        task=training.task,
        config=dataclasses.replace(training.config, epochs=epochs or training.config.epochs),
        on_progress=_print_progress,
        checkpoint=training.folder / f"checkpoint-{number}.npz",
        loss=loss,
        start=start,
    )


def _print_progress(progress: Progress) -> None:
    """Writes a line per epoch to stderr."""
    if progress.batch == progress.batches and progress.history and not progress.is_testing:
        sys.stderr.write(f"{progress}\n")
