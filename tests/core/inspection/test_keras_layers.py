"""Networks that no architecture text describes, layer by layer."""

import numpy as np
import pytest

from cae_core import zoo
from cae_core.inspection import LayeredNetwork
from cae_core.photos import network_inputs

IMAGE = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


def test_a_layer_inside_a_network_in_a_network_gives_what_it_gives_there():
    model = zoo.load("camera-denoiser")
    inputs = network_inputs("camera-denoiser", IMAGE)
    network = LayeredNetwork(model)
    found = dict(
        zip([layer.name for layer in network.layers], network.activations(inputs), strict=True)
    )
    estimator = model.get_layer("estimator")
    x = inputs[0]
    for layer in estimator.layers[1:3]:
        x = layer(x)
    np.testing.assert_array_equal(found["pixels"], np.asarray(x)[0])
    # The last layer with weights, put together to the image as the network does it.
    assert found["tail"].shape == (32, 48, 12)


@pytest.mark.parametrize("name", ["photo-denoiser", "photo-colorizer", "judge-cifar10"])
def test_every_layer_with_weights_is_found_once(name):
    model = zoo.load(name)
    network = LayeredNetwork(model)
    weighted = [layer for layer in model.layers if hasattr(layer, "kernel")]
    assert [layer.name for layer in network.layers] == [layer.name for layer in weighted]
    image = IMAGE[:32, :32] if name == "judge-cifar10" else IMAGE
    outputs = network.activations(network_inputs(name, image))
    assert [each.shape[-1] for each in outputs] == [
        layer.filters if hasattr(layer, "filters") else layer.units for layer in weighted
    ]
    assert network.layers[0].reads_input
    assert not network.layers[1].reads_input


def test_kernels_have_their_input_channels_before_their_output_channels():
    layers = {layer.name: layer for layer in LayeredNetwork(zoo.load("imagenet-colorizer")).layers}
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
