"""Feature loss: zero for the same picture, and what it is made of."""

import keras
import numpy as np
import pytest

import cae_core as cae
from cae_core.dataset import Dataset
from cae_core.feature_loss import GRAM_FACTOR, FeatureLoss, gram_matrix

RNG = np.random.default_rng(0)


@pytest.fixture
def classifier():
    inputs = keras.Input((8, 8, 3))
    first = keras.layers.Conv2D(4, 3, activation="relu", name="first")(inputs)
    second = keras.layers.Conv2D(5, 3, name="second")(first)
    return keras.Model(inputs, keras.layers.Flatten()(second))


def test_a_gram_matrix_is_the_mean_product_of_features():
    features = RNG.normal(size=(2, 3, 4, 5)).astype(np.float32)
    expected = np.einsum("nhwc,nhwd->ncd", features, features) / (3 * 4 * 5)
    np.testing.assert_allclose(np.asarray(gram_matrix(features)), expected, rtol=1e-4, atol=1e-6)


def test_the_loss_is_the_sum_of_pixels_features_and_gram_terms(classifier):
    one, other = RNG.random((2, 3, 8, 8, 3)).astype(np.float32)
    loss = FeatureLoss(classifier, ["first", "second"], [2.0, 3.0])
    expected = np.mean((one - other) ** 2, axis=(1, 2, 3))
    for name, weight in (("first", 2.0), ("second", 3.0)):
        seen = keras.Model(classifier.input, classifier.get_layer(name).output)
        ours, theirs = np.asarray(seen(one)), np.asarray(seen(other))
        grams = [np.asarray(gram_matrix(features)) for features in (ours, theirs)]
        expected += weight * np.mean((ours - theirs) ** 2, axis=(1, 2, 3))
        expected += weight**2 * GRAM_FACTOR * np.mean((grams[0] - grams[1]) ** 2, axis=(1, 2))
    np.testing.assert_allclose(np.asarray(loss(one, other)), expected, rtol=1e-3)


def test_training_with_it_leaves_the_classifier_as_it_is(classifier):
    before = classifier.get_weights()
    pictures = RNG.integers(0, 256, (8, 8, 8, 3)).astype(np.uint8)
    run = cae.train(
        cae.Architecture.parse("8x8x3 conv4 pool | up conv3:sigmoid"),
        Dataset("noise", pictures, pictures, pictures),
        config=cae.TrainConfig(epochs=2, batch_size=4),
        loss=FeatureLoss(classifier, ["second"], [1.0]),
    )
    assert run.history[1].loss < run.history[0].loss
    for now, then in zip(classifier.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
