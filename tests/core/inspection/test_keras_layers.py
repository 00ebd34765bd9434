"""Networks that no architecture text describes, layer by layer."""

import functools
import math

import keras
import numpy as np
import pytest

from cae_core import zoo
from cae_core.inspection import LayeredNetwork
from cae_core.photos import network_inputs

IMAGE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


# Of what the zoo keeps, the networks that Inside opens by their Keras layers.
NAMES = [
    name
    for name in zoo.names()
    if zoo.card(name).kept != zoo.NOT_KEPT and zoo.card(name).task is None
]


@functools.cache
def opened(name):
    """A network and what its layers read and make for one image, which is given too."""
    card = zoo.card(name)
    height, width, _ = card.input_shape if card.architecture else IMAGE.shape
    image = IMAGE[:height, :width, : card.input_shape[2] if card.architecture else 3]
    inputs = network_inputs(name, image)
    network = LayeredNetwork(zoo.load(name), [each.shape[1:] for each in inputs])
    return network, inputs, network.passed(inputs)


def places_of(shape):
    """The first number of a tensor, its last, and one between."""
    return [tuple(part * (side - 1) // 3 for side in shape) for part in (0, 1, 3)]


def test_a_layer_inside_a_network_in_a_network_gives_what_it_gives_there():
    network, inputs, passed = opened("camera-denoiser")
    found = dict(zip([layer.name for layer in network.layers], passed, strict=True))
    estimator = zoo.load("camera-denoiser").get_layer("estimator")
    x = inputs[0]
    for layer in estimator.layers[1:3]:
        x = layer(x)
    np.testing.assert_array_equal(found["pixels"].made, np.asarray(x)[0])
    np.testing.assert_array_equal(found["quarter"].read, found["pixels"].made)
    # The last layer with weights, put together to the image as the network does it.
    assert found["tail"].made.shape == (32, 48, 12)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_written_out_is_the_networks_own(name):
    network, _, passed = opened(name)
    for number, each in enumerate(passed, start=1):
        for place in places_of(each.made.shape):
            found = network.arithmetic(number, each, place)
            own = pytest.approx(each.made[place], rel=1e-3, abs=1e-4)
            assert found.value == own, (network.layers[number - 1].name, place)


@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("photo-denoiser", "before_1_second"),
        ("camera-denoiser", "quarter"),
        ("photo-colorizer", "head"),
        ("imagenet-colorizer", "stage_3_1_depthwise"),
        ("judge-cifar10", "layer_10_conv"),
    ],
)
def test_a_number_changes_with_the_pixels_in_its_box_and_with_no_other(name, layer):
    network, inputs, passed = opened(name)
    number = [each.name for each in network.layers].index(layer) + 1
    before = passed[number - 1].made
    row, column = before.shape[0] // 2, before.shape[1] // 2
    top, left, bottom, right = network.input_box(number, row, column)
    assert (bottom - top + 1) * (right - left + 1) < math.prod(inputs[0].shape[1:3])

    def changed(rows, columns):
        image = inputs[0].copy()
        image[:, rows, columns] = 1 - image[:, rows, columns]
        after = network.passed([image, *inputs[1:]])[number - 1].made
        return np.abs(after[row, column] - before[row, column]).max()

    outside = [
        (slice(0, top), slice(None)),
        (slice(bottom + 1, None), slice(None)),
        (slice(None), slice(0, left)),
        (slice(None), slice(right + 1, None)),
    ]
    scale = np.abs(before).max()
    assert max(changed(*part) for part in outside) < 1e-5 * scale
    # Of the box's sides every one counts.
    for part in (
        (slice(top, top + 1), slice(left, right + 1)),
        (slice(bottom, bottom + 1), slice(left, right + 1)),
        (slice(top, bottom + 1), slice(left, left + 1)),
        (slice(top, bottom + 1), slice(right, right + 1)),
    ):
        assert changed(*part) > 1e-5 * scale


def test_an_operation_without_a_rule_is_refused():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Cropping2D(1)(inputs))
    with pytest.raises(TypeError, match="Received: Cropping2D"):
        LayeredNetwork(model, [(8, 8, 3)])


@pytest.mark.parametrize("name", ["photo-denoiser", "photo-colorizer", "judge-cifar10"])
def test_every_layer_with_weights_is_found_once(name):
    network, _, passed = opened(name)
    weighted = [layer for layer in zoo.load(name).layers if hasattr(layer, "kernel")]
    assert [layer.name for layer in network.layers] == [layer.name for layer in weighted]
    assert [each.made.shape[-1] for each in passed] == [
        layer.filters if hasattr(layer, "filters") else layer.units for layer in weighted
    ]
    assert network.layers[0].reads_input
    assert not network.layers[1].reads_input


def test_kernels_have_their_input_channels_before_their_output_channels():
    layers = {layer.name: layer for layer in opened("imagenet-colorizer")[0].layers}
    assert layers["stem"].kernel.shape == (3, 3, 1, 32)
    assert layers["stage_1_1_depthwise"].kernel.shape == (3, 3, 1, 32)
    assert layers["tail"].kernel is None
    assert layers["stage_7_1_narrow"].kernel.shape == (1, 1, 1152, 320)


def test_a_network_is_shown_what_it_was_trained_for():
    noisy, sigma = network_inputs("photo-denoiser", IMAGE)
    assert np.std(noisy[0] - IMAGE / 255) == pytest.approx(25 / 255, rel=0.05)
    assert np.unique(sigma).tolist() == [np.float32(25 / 255)]
    assert [each.shape for each in network_inputs("camera-denoiser", IMAGE)] == [
        (1, 64, 96, 3),
        (1, 64, 96, 2),
    ]
    (lightness,) = network_inputs("photo-colorizer", IMAGE)
    assert lightness.shape == (1, 64, 96, 1)
    assert 0 <= lightness.min() < 0.2
    assert 0.8 < lightness.max() <= 1
    (scaled,) = network_inputs("judge-cifar10", IMAGE)
    np.testing.assert_allclose(scaled[0], IMAGE / 255, atol=1e-6)
