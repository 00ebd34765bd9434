"""Cached features: what is written once is read again, and training on it can go on."""

import keras
import numpy as np
import pytest

from cae_core.models.imagenet_colorizer import build_encoder, build_imagenet_colorizer
from cae_core.recipes import feature_cache
from cae_core.recipes.color_photographs import Group, central_square, random_square
from cae_core.recipes.decoder_training import train_decoder
from cae_core.recipes.feature_cache import FeatureBatches, FeatureCache, write_features
from cae_core.recipes.time_budget import CHECKPOINT
from cae_core.training.history import read_history
from cae_core.zoo.cards import WEIGHTS

RNG = np.random.default_rng(0)
GROUPS = [Group([RNG.integers(0, 256, (40, 50, 3), np.uint8) for _ in range(3)], 1.0)]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(feature_cache, "CHUNK", 4)
    write_features(build_encoder(), GROUPS, tmp_path / "cache", count=8, side=32)
    return FeatureCache(tmp_path / "cache")


def test_a_square_is_cut_from_a_photograph_at_the_wanted_size():
    square = random_square(GROUPS, 32, np.random.default_rng(1))
    assert (square.shape, square.dtype) == ((32, 32, 3), np.uint8)
    assert central_square(GROUPS[0].photos[0], 16).shape == (16, 16, 3)


def test_the_cache_has_the_features_of_all_squares(cache):
    sides = (8, 4, 2, 1)
    assert [part.shape[:3] for part in cache.features] == [(8, side, side) for side in sides]
    assert cache.ab.shape == (8, 8, 8, 2)


def test_files_that_are_there_are_kept(cache, tmp_path):
    paths = sorted((tmp_path / "cache").glob("*.npz"))
    paths[1].unlink()
    before = paths[0].stat().st_mtime_ns
    write_features(build_encoder(), GROUPS, tmp_path / "cache", count=8, side=32)
    assert paths[0].stat().st_mtime_ns == before
    again = FeatureCache(tmp_path / "cache")
    np.testing.assert_array_equal(again.ab, cache.ab)


def test_every_square_comes_before_one_comes_again(cache):
    batches = FeatureBatches(cache, batch_size=2, places=5, seed=0)
    assert len(batches) == 4
    chosen = np.concatenate([batches[index][1] for index in range(4)])
    assert sorted(chosen) == list(range(8))
    (*features, places, ab), squares = batches[0]
    assert (len(features), places.shape, ab.shape) == (4, (2, 5), (2, 5, 2))
    expected = cache.ab[np.sort(squares)[1]].reshape(-1, 2)[places[1]]
    np.testing.assert_array_equal(ab[1], expected.astype(np.float32))


@pytest.mark.heavy
def test_an_interrupted_training_goes_on_after_its_last_epoch(cache, tmp_path):
    colorizer = build_imagenet_colorizer()
    encoder = [w.copy() for w in colorizer.get_layer("encoder").get_weights()]
    for epochs in (1, 2):
        train_decoder(colorizer, cache, cache, tmp_path, epochs=epochs, steps=1)
        assert [row["squares"] for row in read_history(tmp_path)] == [64, 128][:epochs]
    assert (tmp_path / CHECKPOINT).exists()
    build_imagenet_colorizer().load_weights(tmp_path / WEIGHTS)
    for now, then in zip(colorizer.get_layer("encoder").get_weights(), encoder, strict=True):
        np.testing.assert_array_equal(now, then)
    keras.backend.clear_session()
