"""The judge: a classifier trained on originals, shown what an autoencoder made of them.

Whether it still recognises them says what a squared error does not: how much of what matters
survived. Source: the section B document calls this "classifier accuracy".

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
"""The judge of a data set's classes, by the data set's name."""

ACCURACY = "judge_accuracy"


def logits_of(classifier: keras.Model, images: np.ndarray, batch_size: int = 250) -> np.ndarray:
    """What a classifier thinks of images.

    Args:
        classifier: Takes images (B, H, W, C) in [0, 1].
        images: uint8, or float32 in [0, 1], (N, H, W, C).
        batch_size: Images at a time.

    Returns:
        A number per class, float32 (N, classes); the largest is the verdict.
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
    """Share of the images whose class a classifier names.

    Args:
        classifier: As for `logits_of`.
        images: As for `logits_of`.
        labels: Their classes, whole numbers (N,).
    """
    return float((logits_of(classifier, images).argmax(axis=1) == labels).mean())


def confidence(classifier: keras.Model, images: np.ndarray) -> float:
    """How sure a classifier is: the mean probability of the class it names.

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
    """Share of an autoencoder's images that the data set's judge still recognises.

    Args:
        model: The autoencoder.
        images: Originals, uint8 (N, H, W, C).
        labels: Their classes, whole numbers (N,).
        task: What the autoencoder is shown and what image its output stands for.
        dataset: One of `JUDGES`.
        seed: Seed of the task's noise, as for `cae_core.training.loop.evaluate`.
    """
    from cae_core.training.loop import images_of

    return accuracy(zoo.load(JUDGES[dataset]), images_of(model, images, task, seed=seed), labels)
