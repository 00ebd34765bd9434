"""The ImageNet colorizer's network: what holds whatever its weights are."""

import keras
import numpy as np
import pytest

from cae_core.models.ab_bins import ab_bin_centres
from cae_core.models.imagenet_colorizer import STRIDES, build_imagenet_colorizer, parts
from cae_core.photos.colorizing import WORKING
from cae_core.zoo.cards import IMAGENET_COLORIZER


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return build_imagenet_colorizer()


def lightness(height, width):
    return np.random.default_rng(0).random((1, height, width, 1), dtype=np.float32)


def test_it_has_at_most_six_million_parameters(network):
    assert network.count_params() <= 6_000_000


def test_padding_is_to_its_stride_and_a_cell_has_one_distribution(network):
    working = WORKING[IMAGENET_COLORIZER]
    assert working.stride == max(STRIDES)
    height, width = working.stride, 2 * working.stride
    expected = (1, height // working.cell, width // working.cell, len(ab_bin_centres()))
    assert network(lightness(height, width)).shape == expected


def test_its_parts_together_are_the_network(network):
    encoder, trunk, tail = parts(network)
    image = lightness(32, 64)
    np.testing.assert_allclose(tail(trunk(encoder(image))), network(image), rtol=1e-4, atol=1e-4)


def test_it_looks_at_the_whole_of_a_small_image(network):
    image = lightness(64, 64)
    changed = image.copy()
    changed[:, -8:, -8:] = 0
    difference = np.abs(np.asarray(network(image)) - np.asarray(network(changed)))
    assert difference[0, 0, 0].max() > 0
