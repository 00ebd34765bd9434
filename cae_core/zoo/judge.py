"""Evaluation classifiers, "judges" for short: how recognisable an autoencoder's outputs are.

A judge is a classifier trained on a data set's original images. Its accuracy on an autoencoder's
outputs measures how much of the content survived, which a squared error does not. Source:
henriwoodcock, *Applying Modern Best Practices to Autoencoders*, calls it "classifier accuracy".

Importing this module does not import Keras; its functions do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cae_core import zoo
from cae_core.training.tasks import Task

if TYPE_CHECKING:
    import keras

JUDGES = {"cifar10": "judge-cifar10", "mnist": "judge-mnist"}
"""The evaluation classifier of each data set that has one."""

ACCURACY = "judge_accuracy"
"""Key of the judge's accuracy among a card's figures."""


def logits_of(classifier: keras.Model, images: np.ndarray, batch_size: int = 250) -> np.ndarray:
    """Logits of a classifier.

    Args:
        classifier: Model from images (B, H, W, C) in [0, 1] to logits (B, classes).
        images: uint8, or float32 in [0, 1], (N, H, W, C).
        batch_size: Images per batch.

    Returns:
        float32 (N, classes).
    """
    scale = np.float32(255 if images.dtype == np.uint8 else 1)
    starts = range(0, len(images), batch_size)
    return np.concatenate(
        [
            np.asarray(classifier.predict_on_batch(images[start : start + batch_size] / scale))
            for start in starts
        ]
    )


def accuracy(classifier: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Top-1 accuracy of a classifier, in [0, 1].

    Args:
        classifier: As for `logits_of`.
        images: As for `logits_of`.
        labels: Classes, integers (N,).
    """
    return float((logits_of(classifier, images).argmax(axis=1) == labels).mean())


def confidence(classifier: keras.Model, images: np.ndarray) -> float:
    """Mean probability of the predicted class, in [0, 1].

    Args:
        classifier: As for `logits_of`.
        images: As for `logits_of`.
    """
    logits = logits_of(classifier, images)
    likelihood = np.exp(logits - logits.max(axis=1, keepdims=True))  # (N, classes)
    return float((1 / likelihood.sum(axis=1)).mean())


def judge_accuracy(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    task: Task,
    dataset: str,
    *,
    seed: int = 0,
) -> float:
    """Accuracy of a data set's judge on an autoencoder's outputs, in [0, 1].

    Args:
        model: Autoencoder.
        images: Original images, uint8 (N, H, W, C).
        labels: Classes, integers (N,).
        task: Makes the autoencoder's inputs from the originals, and images from its outputs.
        dataset: A key of `JUDGES`.
        seed: Seed of the task's noise, as for `cae_core.training.evaluation.evaluate`.
    """
    from cae_core.training.evaluation import output_images

    return accuracy(
        zoo.load(JUDGES[dataset]), output_images(model, images, task, seed=seed), labels
    )
