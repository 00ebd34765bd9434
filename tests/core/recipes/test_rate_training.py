"""Codecs trained for rate and error: where they start, and what their rate is worth."""

import dataclasses

import numpy as np
import pytest

import cae_core as cae
from cae_core import zoo
from cae_core.compression.quantisation import pack_latents
from cae_core.data.samples import sample_check_images
from cae_core.images.metrics import psnr
from cae_core.recipes.rate_training import (
    CONTRAST,
    MIDDLE,
    RATE_RECIPES,
    RateRecipe,
    for_images,
    rate,
    start_at_components,
)

STEPS = 20.0


@pytest.fixture(scope="module")
def images():
    return sample_check_images()


@pytest.fixture(scope="module")
def started(images):
    """A small codec at its start, for images in [0, 1]."""
    recipe = RateRecipe(error_weight=0.01, channels=96)
    architecture = dataclasses.replace(recipe.architecture, input_shape=(32, 32, 3))
    model = cae.build(architecture)
    scaled = (images / np.float32(255) - MIDDLE) * CONTRAST
    start_at_components(model, architecture, scaled, STEPS)
    as_trained = np.asarray(model(scaled[:8], training=False)) / CONTRAST + MIDDLE
    model.set_weights(for_images(model.get_weights()))
    as_used = np.asarray(model(images[:8] / np.float32(255), training=False))
    np.testing.assert_allclose(as_used, as_trained, atol=1e-4)
    return model


def test_a_codec_starts_as_principal_components(started, images):
    photos = images / np.float32(255)
    restored = np.asarray(started(photos, training=False))
    # A tenth of the numbers, and yet near; a projection changes nothing the second time.
    assert psnr(restored, photos) > 28
    np.testing.assert_allclose(np.asarray(started(restored, training=False)), restored, atol=1e-3)


def test_the_rate_is_about_that_of_the_coder(started, images):
    encoder, _ = cae.split(started)
    latents = np.asarray(encoder(images / np.float32(255), training=False))  # (200, 2, 2, N)
    whole = latents.reshape(10, 20, 2, 2, -1).swapaxes(1, 2).reshape(20, 40, -1)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, whole.shape).astype(np.float32)
    estimated = float(np.sum(rate(whole[np.newaxis], noise[np.newaxis])))
    packed = pack_latents(whole, 16, np.zeros(whole.shape[2], np.int64), 2)
    assert estimated == pytest.approx(8 * len(packed), rel=0.15)


@pytest.mark.parametrize("name", RATE_RECIPES)
def test_a_codec_of_the_zoo_has_the_network_and_the_weight_of_its_recipe(name):
    recipe, card = RATE_RECIPES[name], zoo.card(name)
    assert card.network == str(dataclasses.replace(recipe.architecture, input_shape=(32, 32, 3)))
    assert card.error_weight == recipe.error_weight
    assert f"rounded to {recipe.bits} significant bits" in card.recipe_notes
