"""Measured results of a trained network, as rows of its card.

Importing this module does not import Keras; its functions do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from cae_core import zoo
from cae_core.data.dataset import Dataset
from cae_core.data.registry import load_labels
from cae_core.data.samples import sample_check_images, sample_check_name
from cae_core.images.metrics import color_figures
from cae_core.training.tasks import AB_SCALE, LUMA, Task, task_to_dict
from cae_core.zoo.cards import COLORIZED, GREY
from cae_core.zoo.judge import ACCURACY, JUDGES, accuracy, confidence, judge_accuracy

if TYPE_CHECKING:
    import keras

_BATCH = 256
_DIGITS = {"mse": 6, "mae": 5, "psnr": 2, "ssim": 4, "images": 0}


def test_sets(data: Dataset) -> dict[str, np.ndarray]:
    """The images that a network is measured on, by the name of the test set.

    Args:
        data: The data set of the network's recipe.

    Returns:
        uint8 (N, H, W, C): the data set's test part, and the sample images, which every
        installation has and can repeat the measurement on.
    """
    return {
        f"{data.name} test": data.test,
        sample_check_name(data.image_shape): sample_check_images(data.image_shape),
    }


def autoencoder_rows(
    model: keras.Model, data: Dataset, conditions: Mapping[str, Task]
) -> list[dict[str, Any]]:
    """Errors of an autoencoder, a row for every test set and condition.

    Args:
        model: The trained network.
        data: The data set of the network's recipe.
        conditions: The tasks to measure, by the name of the condition.
    """
    from cae_core.training.evaluation import evaluate

    rows = []
    for test_set, images in test_sets(data).items():
        for condition, task in conditions.items():
            row: dict[str, Any] = {
                "test_set": test_set,
                "condition": condition,
                "task": task_to_dict(task),
                **rounded(evaluate(model, images, task)),
            }
            if images is data.test and data.name in JUDGES:
                labels = load_labels(data.name).test
                share = judge_accuracy(model, images, labels, task, data.name)
                row[ACCURACY] = round(share, 4)
            rows.append(row)
    return rows


def judge_rows(judge: keras.Model, data: Dataset) -> list[dict[str, Any]]:
    """Accuracy of a judge on the test images, and its confidence on the sample images.

    Args:
        judge: The trained classifier.
        data: The data set of the judge's recipe.
    """
    (test_set, images), (sample_set, samples) = test_sets(data).items()
    labels = load_labels(data.name).test
    return [
        {
            "test_set": test_set,
            "condition": "originals",
            "accuracy": round(accuracy(judge, images, labels), 4),
            "images": len(images),
        },
        {
            "test_set": sample_set,
            "condition": "originals",
            "confidence": round(confidence(judge, samples), 4),
            "images": len(samples),
        },
    ]


def color_rows(
    name: str, images_of: Mapping[str, np.ndarray | list[np.ndarray]]
) -> list[dict[str, Any]]:
    """Colour errors of a network of the zoo as `cae_core.colorize` applies it, and of grey images.

    Args:
        name: The network's name; its card and weights are in its folder.
        images_of: Colour images by the name of the test set: uint8 (N, H, W, 3), or a list of
            uint8 (H, W, 3).

    Returns:
        Two rows for every test set.
    """
    from cae_core.photos.colorizing import grey_of

    rows = []
    for test_set, images in images_of.items():
        recolored = {COLORIZED: _recolored(name, images), GREY: map(grey_of, images)}
        for condition, results in recolored.items():
            originals = (image / np.float32(255) for image in images)
            pairs = zip(results, originals, strict=True)
            rows.append({"test_set": test_set, "condition": condition, **color_figures(pairs)})
    return rows


def _recolored(name: str, images: np.ndarray | list[np.ndarray]) -> Iterator[np.ndarray]:
    """The output of `colorize` for every image; in batches where the size is the network's own."""
    from cae_core.images.color import lightness_of, rgb_within_gamut
    from cae_core.photos.colorizing import AbGuess, colorize, learns_rgb
    from cae_core.photos.saturation import fitting_saturation

    known = zoo.card(name)
    if (
        known.architecture is None
        or not isinstance(images, np.ndarray)
        or images.shape[1:3] != known.input_shape[:2]
    ):
        yield from (colorize(image, name) for image in images)
        return
    network = zoo.load(name)
    for start in range(0, len(images), _BATCH):
        batch = images[start : start + _BATCH] / np.float32(255)
        if learns_rgb(name):
            grey = batch @ np.array(LUMA, np.float32)
            yield from np.clip(network.predict_on_batch(grey[..., np.newaxis]), 0, 1)
            continue
        lightness = np.stack([lightness_of(image) for image in batch])
        ab = AB_SCALE * network.predict_on_batch(lightness[..., np.newaxis] / 100)
        for guess in (AbGuess(one, ab=own) for one, own in zip(lightness, ab, strict=True)):
            saturation = np.float32(fitting_saturation(guess).value)
            yield rgb_within_gamut(guess.lightness, saturation * guess.at())[0]


def rounded(figures: Mapping[str, float]) -> dict[str, float]:
    """Figures rounded to the digits that are significant."""
    return {
        name: int(value) if name == "images" else round(value, _DIGITS[name])
        for name, value in figures.items()
    }
