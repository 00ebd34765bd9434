"""One number written out: the sum is the network's own number."""

import numpy as np
import pytest

import cae_core as cae
from cae_core.architecture.receptive_field import walk
from cae_core.inspection import InspectedNetwork, arithmetic_of, input_box

# Every kind of layer whose numbers are written out, on sides that no stride divides evenly.
WRITTEN_OUT = (
    "11x13x3 conv5s2 bn tanh dwconv5s2 conv4k3d2 @a conv4k1s2 up crop1 pad1 conv4k4:valid:elu"
    " | deconv3k4s3:gelu deconv2k3s2:valid pool3s2 avgpool3s2:same @b conv2 add@b up3:nearest"
    " pool3s2:same flatten dense4:sigmoid relu"
)
SILENT = "conv4 unshuffle | shuffle blur res4 sepconv3"


@pytest.fixture(scope="module")
def opened():
    architecture = cae.Architecture.parse(WRITTEN_OUT)
    model = cae.build(architecture)
    rng = np.random.default_rng(0)
    # Biases and statistics that are not those of the start, which a wrong order would survive.
    model.set_weights(
        [
            each + rng.uniform(0.1, 0.6, each.shape).astype(np.float32)
            for each in model.get_weights()
        ]
    )
    network = InspectedNetwork(model, architecture, cae.Reconstruct())
    image = rng.integers(0, 256, (11, 13, 3), dtype=np.uint8)
    return network, network.activations(image)


def corners(shape):
    """Places of a tensor: its first and its last number, and some between."""
    rng = np.random.default_rng(1)
    between = [tuple(int(rng.integers(side)) for side in shape) for _ in range(6)]
    return [tuple(0 for _ in shape), tuple(side - 1 for side in shape), *between]


def test_the_sum_is_the_networks_own_number_at_every_layer(opened):
    network, activations = opened
    written = set()
    for node in walk(network.architecture):
        for place in corners(activations[node.index].shape):
            found = arithmetic_of(network, activations, node.index, place)
            if found is None:
                continue
            written.add(type(node.layer).__name__)
            own = activations[node.index][place]
            assert found.value == pytest.approx(own, rel=1e-3, abs=1e-4), (node.layer, place)
            if found.weights is not None:
                total = np.sum(found.patch * found.weights) + found.bias
                assert total == pytest.approx(found.total, rel=1e-4, abs=1e-4)
    assert written == {
        "Conv", "BatchNorm", "Activation", "DepthwiseConv", "Up", "Deconv", "MaxPool",
        "AveragePool", "Add", "Dense",
    }  # fmt: skip


def test_layers_that_only_move_numbers_or_are_several_are_not_written_out():
    architecture = cae.Architecture.parse(SILENT)
    network = InspectedNetwork(cae.build(architecture), architecture, cae.Reconstruct())
    activations = network.activations(np.zeros((32, 32, 3), np.uint8))
    for index in range(2, len(architecture.layers) + 1):
        assert arithmetic_of(network, activations, index, (0, 0, 0)) is None


def test_a_number_changes_with_the_pixels_in_its_box_and_with_no_other():
    architecture = cae.Architecture.parse("conv4k3:linear pool conv4k5:linear | up conv3")
    network = InspectedNetwork(cae.build(architecture), architecture, cae.Reconstruct())
    image = np.full((32, 32, 3), 128, np.uint8)
    row, column = 0, 9
    top, left, bottom, right = input_box(network, 3, row, column)
    assert (top, bottom) == (0, 6)
    before = network.activations(image)[3][row, column]
    outside = image.copy()
    outside[: bottom + 1, :left] = outside[: bottom + 1, right + 1 :] = outside[bottom + 1 :] = 0
    np.testing.assert_allclose(network.activations(outside)[3][row, column], before, rtol=1e-5)
    for corner in ((top, left), (bottom, right)):
        inside = image.copy()
        inside[corner] = 255
        assert np.abs(network.activations(inside)[3][row, column] - before).max() > 1e-6
