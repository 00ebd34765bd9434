"""Training strategies, and ImageNet's VGG-16 as a classifier for them."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

import cae_core as cae
from cae_core.models.builder import build
from cae_core.recipes import strategies
from cae_core.recipes.feature_loss import FeatureLoss
from cae_core.recipes.imagenet import (
    VGG16_LAYERS,
    VGG16_TEXT,
    copy_vgg16,
    load_vgg16,
    prepared_kernel,
)
from cae_core.recipes.strategies import (
    SINGLE_FIT,
    FeatureLossTraining,
    ProgressiveResizing,
    Training,
    TransferLearning,
    coarse,
)
from cae_core.training import loop

NETWORK = cae.Architecture.parse("conv4 bn relu pool conv4 | up conv3:sigmoid")
CLASSIFIER = cae.Architecture.parse("conv4 bn relu pool conv4 flatten | dense10:linear")
DEPTHS = ("layer_1_conv", "layer_3_relu", "layer_5_conv")
CONFIG = cae.TrainConfig(epochs=3, batch_size=32, learning_rate=0.01)


@pytest.fixture(scope="module")
def data():
    return cae.load_dataset("photo_patches", limit=96)


@pytest.fixture
def judge(monkeypatch):
    """A classifier with random weights in the place of the zoo's."""
    model = build(CLASSIFIER, seed=5)

    class Card:
        architecture = CLASSIFIER

    monkeypatch.setattr(strategies.zoo, "load", lambda name: model)
    monkeypatch.setattr(strategies.zoo, "card", lambda name: Card)
    return model


def train(strategy, data, folder):
    return strategy.train(Training(NETWORK, data, cae.Reconstruct(), CONFIG, folder))


@pytest.fixture
def phases(monkeypatch):
    """What each phase is trained with, in place of a training; every phase has other weights."""
    noted = []

    def note(architecture, images, **settings):
        model = build(architecture, seed=len(noted))
        noted.append(SimpleNamespace(data=images, model=model, **settings))
        return noted[-1]

    monkeypatch.setattr(loop, "train", note)
    return noted


def test_a_single_fit_is_one_training_with_a_checkpoint(data, tmp_path, phases):
    train(SINGLE_FIT, data, tmp_path)
    (phase,) = phases
    assert (phase.data, phase.config, phase.loss, phase.start) == (data, CONFIG, None, None)
    assert phase.checkpoint == tmp_path / "checkpoint-1.npz"


def test_progressive_resizing_goes_on_from_what_coarse_images_taught(data, tmp_path, phases):
    assert train(ProgressiveResizing(factor=2, epochs=1), data, tmp_path) == phases
    coarse_phase, whole_phase = phases
    np.testing.assert_array_equal(coarse_phase.data.train, coarse(data.train, 2))
    np.testing.assert_array_equal(coarse_phase.data.validation, coarse(data.validation, 2))
    assert coarse_phase.start is None
    assert whole_phase.data is data
    assert [phase.config.epochs for phase in phases] == [1, 2]
    assert coarse_phase.checkpoint != whole_phase.checkpoint
    learnt = coarse_phase.model.get_weights()
    for weights, before in zip(whole_phase.start.weights, learnt, strict=True):
        np.testing.assert_array_equal(weights, before)


def test_coarse_images_have_the_means_of_squares():
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 4, 3), np.uint8)
    found = coarse(images, 2)
    assert found.shape == images.shape
    np.testing.assert_array_equal(found[:, ::2], found[:, 1::2])
    np.testing.assert_array_equal(found[:, :, ::2], found[:, :, 1::2])
    np.testing.assert_allclose(found.mean(axis=(1, 2)), images.mean(axis=(1, 2)), atol=0.6)


@pytest.mark.heavy
def test_transferred_layers_are_frozen_first_and_trained_then(data, tmp_path, judge):
    strategy = TransferLearning("judge", layers=5, frozen_epochs=1, slower=4)
    frozen, whole = train(strategy, data, tmp_path)
    taken = [layer.name for layer in judge.layers if layer.name.startswith("layer_")][:5]
    for name in taken:
        theirs = judge.get_layer(name).get_weights()
        for ours, expected in zip(frozen.model.get_layer(name).get_weights(), theirs, strict=True):
            np.testing.assert_array_equal(ours, expected)
    moved = whole.model.get_layer(taken[0]).get_weights()[0]
    assert not np.array_equal(moved, judge.get_layer(taken[0]).get_weights()[0])
    assert (len(frozen.history), len(whole.history)) == (1, 2)
    assert frozen.config.learning_rate == pytest.approx(CONFIG.learning_rate)
    assert whole.config.learning_rate == pytest.approx(CONFIG.learning_rate / strategy.slower)


def test_a_feature_loss_is_what_is_minimised(data, tmp_path, judge, phases):
    train(FeatureLossTraining("judge", DEPTHS), data, tmp_path)
    (phase,) = phases
    images = data.validation[:2] / np.float32(255)
    expected = FeatureLoss(judge, DEPTHS)(images, images[::-1])
    np.testing.assert_allclose(phase.loss(images, images[::-1]), expected, rtol=0.02)


@pytest.mark.parametrize(
    "strategy",
    [
        ProgressiveResizing(),
        TransferLearning("judge", 5),
        FeatureLossTraining("judge", DEPTHS),
    ],
    ids=lambda strategy: type(strategy).__name__,
)
def test_a_strategy_is_a_sentence_on_the_card(strategy):
    assert len(str(strategy)) > 20
    assert str(strategy).endswith(".")
    assert str(SINGLE_FIT) == ""


# ImageNet, with random weights in place of the fetched ones


def test_a_prepared_layer_sees_raw_images_as_the_original_sees_prepared_ones():
    body = keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3))
    layer = body.get_layer("block1_conv1")
    images = np.random.default_rng(0).random((2, 32, 32, 3)).astype(np.float32)
    expected = np.asarray(layer(keras.applications.vgg16.preprocess_input(images * 255)))
    layer.set_weights(prepared_kernel(*layer.get_weights()))
    inside = np.s_[:, 1:-1, 1:-1]  # at the border the original sees the mean, ours black
    np.testing.assert_allclose(np.asarray(layer(images))[inside], expected[inside], atol=0.02)


@pytest.mark.heavy
def test_an_encoder_written_as_text_takes_over_vgg16():
    text = f"{VGG16_TEXT} flatten dense10:linear | dense3072:sigmoid reshape32x32x3"
    architecture = cae.Architecture.parse(text)
    network = build(architecture)
    names = [layer.name for layer in network.layers if layer.name.startswith("layer_")]
    names = names[:VGG16_LAYERS]
    keras.utils.set_random_seed(1)
    copy_vgg16(network, names, weights=None)
    keras.utils.set_random_seed(1)
    body = load_vgg16(weights=None)
    image = np.random.default_rng(0).random((1, 32, 32, 3)).astype(np.float32)
    features = keras.Model(network.input, network.get_layer(names[-1]).output)
    np.testing.assert_allclose(np.asarray(features(image)), np.asarray(body(image)), rtol=1e-3)
