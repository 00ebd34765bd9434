"""EfficientNet-Lite0: its strides, and that grey and colour images are the same to it."""

import keras
import numpy as np
import pytest

from cae_core.models.efficientnet import STAGES, build_efficientnet_lite0


@pytest.fixture(scope="module")
def network():
    keras.utils.set_random_seed(0)
    return build_efficientnet_lite0()


def test_every_stage_has_its_stride_and_its_channels(network):
    outputs = network(np.zeros((1, 64, 96, 3), "float32"))
    strides = (2, 4, 8, 16, 16, 32, 32)
    expected = [
        (1, 64 // stride, 96 // stride, stage.channels)
        for stride, stage in zip(strides, STAGES, strict=True)
    ]
    assert [output.shape for output in outputs] == expected


def test_it_has_the_convolutions_of_the_published_network(network):
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    convolutions = [layer for layer in network.layers if isinstance(layer, kinds)]
    # A stem; two in the first block, which does not widen, and three in each of fifteen others.
    assert len(convolutions) == 1 + 2 + 3 * 15
    assert network.count_params() < 3_000_000
