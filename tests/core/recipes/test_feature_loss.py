"""Feature loss: zero for the same image, and what it is made of."""

import keras
import numpy as np
import pytest

import cae_core as cae
from cae_core.data.dataset import Dataset
from cae_core.recipes.feature_loss import GRAM_FACTOR, FeatureLoss, gram_matrix

RNG = np.random.default_rng(0)


def make_classifier(dtype="float32"):
    inputs = keras.Input((8, 8, 3))
    first = keras.layers.Conv2D(4, 3, activation="relu", name="first", dtype=dtype)(inputs)
    second = keras.layers.Conv2D(5, 3, name="second", dtype=dtype)(first)
    return keras.Model(inputs, keras.layers.Flatten(dtype=dtype)(second))


@pytest.fixture
def classifier():
    return make_classifier()


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


def test_a_classifier_in_bfloat16_is_compared_in_float32():
    classifier = make_classifier("mixed_bfloat16")
    one = RNG.random((2, 8, 8, 3)).astype(np.float32)
    other = one + 0.02 * RNG.normal(size=one.shape).astype(np.float32)
    expected = np.mean((one - other) ** 2, axis=(1, 2, 3))
    seen = keras.Model(classifier.input, classifier.get_layer("first").output)
    ours, theirs = (np.asarray(seen(x), np.float32) for x in (one, other))
    grams = [np.einsum("nhwc,nhwd->ncd", x, x) / x[0].size for x in (ours, theirs)]
    expected += np.mean((ours - theirs) ** 2, axis=(1, 2, 3))
    expected += GRAM_FACTOR * np.mean((grams[0] - grams[1]) ** 2, axis=(1, 2))
    found = FeatureLoss(classifier, ["first"], [1.0])(one, other)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-3)


@pytest.mark.heavy
def test_training_with_it_leaves_the_classifier_as_it_is(classifier):
    before = classifier.get_weights()
    images = RNG.integers(0, 256, (8, 8, 8, 3)).astype(np.uint8)
    run = cae.train(
        cae.Architecture.parse("8x8x3 conv4 pool | up conv3:sigmoid"),
        Dataset("noise", images, images, images),
        config=cae.TrainConfig(epochs=2, batch_size=4),
        loss=FeatureLoss(classifier, ["second"], [1.0]),
    )
    assert run.history[1].loss < run.history[0].loss
    for now, then in zip(classifier.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
