"""The evaluation classifiers and their measures."""

import keras
import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.data.registry import load_labels
from cae_core.data.samples import drawn_digits
from cae_core.training.evaluation import output_images
from cae_core.zoo.judge import JUDGES, accuracy, confidence, judge_accuracy, logits_of


def brightness_judge():
    """Says class 1 for images lighter than a half, with a margin of 10 logits."""
    inputs = keras.Input((4, 4, 1))
    light = keras.layers.GlobalAveragePooling2D()(inputs)
    outputs = keras.layers.Concatenate()([10 * (0.5 - light), 10 * (light - 0.5)])
    return keras.Model(inputs, outputs)


def flat_images(*levels):
    return np.stack([np.full((4, 4, 1), level, np.float32) for level in levels])


def test_accuracy_is_the_share_of_classes_named():
    images = flat_images(0.1, 0.2, 0.9, 0.8)
    assert accuracy(brightness_judge(), images, np.array([0, 0, 1, 1])) == 1
    assert accuracy(brightness_judge(), images, np.array([0, 1, 1, 1])) == 0.75


def test_bytes_are_judged_as_the_numbers_they_stand_for():
    judge, images = brightness_judge(), flat_images(0.2, 0.6)
    in_bytes = np.round(images * 255).astype(np.uint8)
    np.testing.assert_allclose(
        logits_of(judge, in_bytes, batch_size=1), logits_of(judge, images), atol=0.03
    )


def test_confidence_is_the_probability_of_the_named_class():
    assert confidence(brightness_judge(), flat_images(0.5)) == pytest.approx(0.5)
    assert confidence(brightness_judge(), flat_images(0.0, 1.0)) > 0.99


@pytest.mark.parametrize(("dataset", "least"), [("cifar10", 0.92), ("mnist", 0.994)])
def test_a_judge_is_small_and_good_by_its_card(dataset, least):
    card = zoo.card(JUDGES[dataset])
    assert card.dataset == dataset
    assert card.parameters <= 3_000_000
    assert card.figures[0]["accuracy"] >= least


@pytest.mark.heavy
@pytest.mark.parametrize(("dataset", "name"), JUDGES.items())
def test_a_judge_does_on_the_test_set_what_its_card_says(dataset, name, whole_data):
    images, labels = cae.load_dataset(dataset).test, load_labels(dataset).test
    found = accuracy(zoo.load(name), images, labels)
    assert found == pytest.approx(zoo.card(name).figures[0]["accuracy"], rel=0.001)


def test_a_perfect_autoencoder_costs_the_judge_nothing():
    digits = drawn_digits(50)
    labels = np.arange(50) % 10
    inputs = keras.Input((28, 28, 1))
    same = keras.Model(inputs, keras.layers.Identity()(inputs))
    black = keras.Model(inputs, keras.layers.Rescaling(0.0)(inputs))
    own = accuracy(zoo.load(JUDGES["mnist"]), digits, labels)
    assert own > 0.8
    assert judge_accuracy(same, digits, labels, cae.Reconstruct(), "mnist") == own
    assert judge_accuracy(black, digits, labels, cae.Reconstruct(), "mnist") <= 0.1


def test_the_judged_images_are_those_that_are_measured():
    images = np.random.default_rng(0).integers(0, 256, (6, 8, 8, 3), np.uint8)
    inputs = keras.Input((8, 8, 3))
    brighter = keras.Model(inputs, keras.layers.Rescaling(2.0)(inputs))
    found = output_images(brighter, images, cae.Reconstruct(), batch_size=4)
    np.testing.assert_allclose(found, np.minimum(images / np.float32(127.5), 1), atol=1e-5)
    noisy = [output_images(brighter, images, cae.Denoise(0.2), seed=s) for s in (0, 0, 1)]
    np.testing.assert_array_equal(noisy[0], noisy[1])
    assert not np.array_equal(noisy[0], noisy[2])
