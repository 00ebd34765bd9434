"""EfficientNet-Lite0: its strides, and that grey and colour images are the same to it."""

import keras
import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.models.builder import build
from cae_core.models.efficientnet import build_efficientnet_lite0
from cae_core.models.efficientnet_stages import STAGES, efficientnet_text


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


def test_as_text_it_has_the_same_convolutions(network):
    text = build(Architecture.parse(f"64x64x3 {efficientnet_text()} | conv3"))
    kinds = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    ours, theirs = (
        [(layer.kernel.shape, layer.strides) for layer in model.layers if isinstance(layer, kinds)]
        for model in (network, text)
    )
    assert ours == theirs[:-1]
