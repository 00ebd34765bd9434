"""The normal layer: its divergence, its draws, its mean."""

import keras
import numpy as np
import pytest

from cae_core.models.layers import NormalDistribution, divergence

RNG = np.random.default_rng(0)


def made(units=3, seed=5, shape=(4,), **settings):
    """A layer with weights, and inputs for it."""
    layer = NormalDistribution(units, seed=seed, **settings)
    inputs = RNG.normal(size=(2_000, *shape)).astype("float32")
    layer(inputs)
    return layer, inputs


@pytest.mark.parametrize("shape", [(3,), (2, 2, 3)])
def test_the_divergence_is_that_of_the_closed_formula(shape):
    mean, deviation = RNG.normal(size=(5, *shape)), RNG.uniform(0.1, 3, size=(5, *shape))
    found = divergence(mean.astype("float32"), np.log(deviation**2).astype("float32"))
    # KL(N(m, s) || N(0, 1)) = -log s + (s² + m²) / 2 - 1 / 2
    parts = -np.log(deviation) + (deviation**2 + mean**2) / 2 - 1 / 2
    np.testing.assert_allclose(found, parts.reshape(5, -1).sum(axis=1), rtol=1e-5)
    assert not np.any(divergence(np.zeros((2, *shape)), np.zeros((2, *shape))))


@pytest.mark.parametrize("shape", [(4,), (2, 2, 4)])
def test_it_gives_the_mean_and_in_training_a_draw_around_it(shape):
    layer, inputs = made(shape=shape)
    mean = np.asarray(layer(inputs, training=False))
    np.testing.assert_array_equal(mean, layer.mean(inputs))
    deviation = np.exp(np.asarray(layer.log_variance(inputs)) / 2)
    noise = (np.asarray(layer(inputs, training=True)) - mean) / deviation
    # At least 6,000 numbers: five standard errors.
    assert abs(noise.mean()) < 5 / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(1, abs=5 / np.sqrt(noise.size))


def test_draws_differ_from_call_to_call_and_are_the_same_for_the_same_seed():
    (one, inputs), (other, _) = made(), made()
    first, second = (np.asarray(one(inputs, training=True)) for _ in range(2))
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(first, other(inputs, training=True))
    stranger = made(seed=6)[0]
    stranger.set_weights(one.get_weights())
    assert not np.allclose(first, stranger(inputs, training=True))


def test_nothing_is_added_to_the_loss_but_the_weighted_divergence():
    layer, inputs = made()
    layer(inputs, training=True)
    assert layer.losses == []
    layer.divergence_weight = 0.25
    expected = 0.25 * np.mean(divergence(layer.mean(inputs), layer.log_variance(inputs)))
    for training in (True, False):
        layer(inputs, training=training)
        assert [float(loss) for loss in layer.losses] == pytest.approx([expected], rel=1e-5)


def test_a_copy_of_the_config_is_the_same_layer_without_a_weight():
    layer, inputs = made()
    layer.divergence_weight = 1.0
    copy = keras.layers.deserialize(keras.layers.serialize(layer))
    np.testing.assert_array_equal(copy(inputs), layer.mean(inputs))
    assert copy.divergence_weight == 0.0
