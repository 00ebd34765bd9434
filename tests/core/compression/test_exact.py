"""A decoder in whole numbers gives what Keras gives, and the same whatever the order of sums."""

import numpy as np
import pytest

import cae_core as cae
from cae_core.architecture.notation import Architecture
from cae_core.compression.exact import ExactDecoder, holds_values, is_exact
from cae_core.compression.networks import CodecNetwork, usable_names
from cae_core.errors import CompressionError
from cae_core.images.operations import to_uint8

# One blurs, one has two numbers that nothing bounds; the others have thousands before a batch
# normalisation.
NOT_EXACT = {
    "ae2-mnist",
    *("pixel-shuffle", "baseline", "feature-loss", "progressive", "transfer", "transfer-scratch"),
}
DECODERS = [
    "up conv5k3:silu conv6k5s2 up2 conv4k1s2 up conv3:sigmoid",
    "unshuffle conv12 shuffle @a conv4:valid bn relu conv4k3:linear up2 conv16k2:linear shuffle",
    "@a conv4:silu conv4:linear add@a up conv3k1:linear",
]


def with_random_weights(architecture):
    """A network whose biases and running means are not 0 either."""
    model = cae.build(architecture)
    rng = np.random.default_rng(0)
    model.set_weights(
        [
            rng.uniform(0.05, 0.5, each.shape)  # biases and variances
            if each.ndim == 1
            else rng.normal(0, np.prod(each.shape[:-1]) ** -0.5, each.shape)
            for each in model.get_weights()
        ]
    )
    return model


@pytest.mark.parametrize(
    "text",
    [
        *(f"8x8x3 conv4 pool | {decoder}" for decoder in DECODERS),
        "8x8x3 pca5m3 | unpca @r unshuffle conv8:silu conv12:linear shuffle add@r",
        "8x8x3 pca5 | unpca:tied conv3:linear",
        "8x8x3 flatten dense5 | dense9 dense192:sigmoid reshape8x8x3",
    ],
)
def test_images_are_those_of_keras(text):
    architecture = Architecture.parse(text)
    model = with_random_weights(architecture)
    encoder, decoder = cae.split(model)
    latents = np.random.default_rng(1).normal(size=(4, *encoder.output_shape[1:]))
    expected = np.asarray(decoder(latents.astype(np.float32), training=False))

    assert is_exact(architecture)
    images = ExactDecoder(model, architecture)(latents)

    assert images.dtype == np.uint8
    assert 20 < images.mean() < 235
    assert np.abs(images.astype(int) - to_uint8(expected)).max() <= 1


def test_values_that_are_large_before_a_batch_normalisation_are_seen():
    architecture = Architecture.parse("8x8x3 conv4 pool | conv5:linear bn relu up conv3:sigmoid")
    model = with_random_weights(architecture)
    assert holds_values(model, architecture)
    (normalisation,) = (layer for layer in model.layers if len(layer.get_weights()) == 4)
    *others, variance = normalisation.get_weights()
    normalisation.set_weights([*others, 1e4 * variance])
    assert not holds_values(model, architecture)


def test_the_order_of_sums_does_not_matter():
    """Channels in another order are other sums in floats, and the same in whole numbers."""
    architecture = Architecture.parse("8x8x3 flatten dense400 | dense192 reshape8x8x3")
    model = with_random_weights(architecture)
    latents = np.random.default_rng(1).normal(size=(9, 400)) / 50
    order = np.random.default_rng(2).permutation(400)
    before = ExactDecoder(model, architecture)(latents)
    *_, layer = (layer for layer in model.layers if layer.get_weights())
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel[order], bias])

    np.testing.assert_array_equal(ExactDecoder(model, architecture)(latents[:, order]), before)


def test_layers_that_are_not_known_are_not_exact():
    for decoder in ("up:bilinear conv3", "up conv3:elu", "deconv3", "up conv3d2", "up dwconv3"):
        assert not is_exact(Architecture.parse(f"conv8 pool | {decoder}"))


def test_weights_that_are_too_large_for_whole_numbers_are_refused():
    architecture = Architecture.parse("conv8 pool | up conv3")
    model = cae.build(architecture)
    model.set_weights([1e9 * np.ones_like(each) for each in model.get_weights()])
    with pytest.raises(CompressionError, match="weights are moderate"):
        ExactDecoder(model, architecture)


@pytest.mark.heavy
@pytest.mark.parametrize("name", usable_names())
def test_every_network_of_the_zoo_is_exact_or_known_not_to_be(name):
    network = CodecNetwork(name)
    card, model = network.card, network.model
    if not network.is_exact:
        assert name in NOT_EXACT
        return
    encoder, decoder = cae.split(model)
    images = np.random.default_rng(0).random((2, *card.input_shape), np.float32)
    latents = np.asarray(encoder(images, training=False))
    expected = to_uint8(np.asarray(decoder(latents, training=False)))
    found = ExactDecoder(model, card.architecture)(latents.astype(np.float64))
    assert np.abs(found.astype(int) - expected).max() <= 1
