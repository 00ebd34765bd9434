"""Kernels as images: what a layer's weights do to an image."""

import numpy as np
import pytest

import cae_core as cae
from cae_core.inspection import InspectedNetwork, by_energy, kernels_of, reads_image


def opened(text):
    architecture = cae.Architecture.parse(text)
    return InspectedNetwork(cae.build(architecture), architecture, cae.Reconstruct())


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("8x6x3 conv4k5:valid:linear | conv3", 1),
        ("8x6x3 dwconv3:valid:linear | conv3", 1),
        ("8x6x3 deconv4k3s1:valid:linear | conv3", 1),
        ("8x6x3 flatten @a dense4:linear | dense144 reshape8x6x3", 3),
        ("8x6x3 pca4 | unpca", 1),
        ("8x6x3 pca4m3 | unpca", 1),
    ],
)
def test_a_kernel_laid_over_the_image_gives_the_layers_number(text, index):
    network = opened(text)
    image = np.random.default_rng(0).integers(0, 256, (8, 6, 3), dtype=np.uint8)
    kernels = kernels_of(network, index)
    activations = network.activations(image)
    inputs, output = activations[0], activations[index]
    height, width, channels, count = kernels.shape
    assert count == output.shape[-1]
    if "dwconv" in text:
        patch = inputs[:height, :width, 1:2]
        wanted = output[0, 0, 1]
        kernel = kernels[..., 1]
    elif "deconv" in text:
        # The middle output of a transposed convolution sees the kernel turned round.
        patch = inputs[2:5, 1:4][::-1, ::-1]
        wanted = output[4, 3, 1]
        kernel = kernels[..., 1]
    else:
        patch = inputs[:height, :width]
        wanted = output[0, 0, 1] if output.ndim == 3 else output[1]
        kernel = kernels[..., 1]
    assert channels == patch.shape[2]
    assert np.sum(patch * kernel) == pytest.approx(wanted, abs=1e-4)
    assert reads_image(network, index)


def test_layers_behind_others_do_not_read_the_image_and_some_have_no_kernels():
    network = opened("@x conv4 pool conv4 flatten dense8 | dense8 dense192:sigmoid reshape8x8x3")
    assert [reads_image(network, index) for index in (2, 4)] == [True, False]
    assert kernels_of(network, 3) is None  # pool
    assert kernels_of(network, 6).shape == (16, 16, 4, 8)  # looks at a whole map
    assert kernels_of(network, 7) is None  # looks at a vector


def test_activations_are_those_of_the_layers_and_a_mark_repeats_the_one_before():
    network = opened("conv4 @a pool | up cat@a conv3:sigmoid")
    image = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    found = network.activations(image)
    assert [each.shape for each in found] == [
        (32, 32, 3), (32, 32, 4), (32, 32, 4), (16, 16, 4), (32, 32, 4), (32, 32, 8), (32, 32, 3)
    ]  # fmt: skip
    np.testing.assert_array_equal(found[1], found[2])
    output = np.asarray(network.model(image[np.newaxis] / np.float32(255)))[0]
    np.testing.assert_allclose(found[-1], output, atol=1e-5)
    assert list(by_energy(found[1])) == sorted(
        range(4), key=lambda channel: -np.square(found[1][..., channel]).sum()
    )
