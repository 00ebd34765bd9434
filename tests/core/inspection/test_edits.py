"""Changed latents against the two halves that `split` makes, by hand."""

import numpy as np
import pytest

import cae_core as cae
from cae_core.inspection import (
    Edit,
    InspectedNetwork,
    channel_costs,
    channel_means,
    combined,
    edited,
    interpolated,
    rounded,
)

NETWORKS = {
    "convolutional": ("conv4 pool conv6 | up conv3:sigmoid", cae.Reconstruct()),
    "dense": ("8x8x3 flatten dense5:linear | dense192:sigmoid reshape8x8x3", cae.Reconstruct()),
    "skip": ("conv4 @a pool conv6 | up cat@a conv3:sigmoid", cae.Denoise(0.1)),
    "two skips": ("conv4 @a pool @b conv4 | add@b up cat@a conv3:sigmoid", cae.Reconstruct()),
    "colour": ("32x32x1 conv4 pool conv6 | up conv2:tanh", cae.ColorizeChroma()),
}


@pytest.fixture(scope="module", params=NETWORKS)
def opened(request):
    text, task = NETWORKS[request.param]
    architecture = cae.Architecture.parse(text)
    model = cae.build(architecture)
    network = InspectedNetwork(model, architecture, task, seed=3)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, *network.image_shape), dtype=np.uint8)
    return network, cae.split(model), images


def by_hand(network, halves, image, change):
    """The image that a changed latent of an image gives, with nothing of the inspection."""
    encoder, decoder = halves
    clean = image[np.newaxis] / np.float32(255)
    tensors = encoder(network.task.corrupt(clean, network.seed))
    tensors = list(tensors) if isinstance(tensors, list | tuple) else [tensors]
    tensors = [np.asarray(tensor) for tensor in tensors]
    tensors[0] = change(tensors[0][0])[np.newaxis]
    output = decoder(tensors if len(tensors) > 1 else tensors[0])
    return np.clip(np.asarray(network.task.image(output, clean)), 0, 1)[0]


def latent_by_hand(network, halves, image):
    found = []
    by_hand(network, halves, image, lambda latent: found.append(latent) or latent)
    return found[0]


def assert_images_close(found, wanted):
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_muted_scaled_and_swapped_channels_give_the_image_that_the_halves_give(opened):
    network, halves, (first, second, third) = opened
    other = latent_by_hand(network, halves, second)
    means = channel_means(network.encode(np.stack([second, third])).latents)
    encoded = network.encode(first[np.newaxis])

    def change(latent):
        latent = latent.copy()
        latent[..., 0] = 0
        latent[..., 1] *= 2.5
        latent[..., 2] = means[2]
        latent[..., 3] = other[..., 3]
        return latent

    edits = {0: Edit("mute"), 1: Edit("scale", 2.5), 2: Edit("mean"), 3: Edit("swap")}
    latent = edited(encoded.latents[0], edits, means=means, other=other)
    found = network.decode(encoded.with_latents(latent[np.newaxis]))[0]
    wanted = by_hand(network, halves, first, change)
    assert_images_close(found, wanted)
    assert np.abs(wanted - by_hand(network, halves, first, lambda same: same)).max() > 1e-3


def test_points_between_two_latents_and_their_sum_give_the_images_that_the_halves_give(opened):
    network, halves, (first, second, third) = opened
    latents = [latent_by_hand(network, halves, image) for image in (first, second, third)]
    encoded = network.encode(first[np.newaxis])
    shares = np.array([0.0, 0.25, 1.0], np.float32)
    line = interpolated(encoded.latents[0], network.encode(second[np.newaxis]).latents[0], shares)
    found = network.decode(encoded.with_latents(line))
    for image, share in zip(found, shares, strict=True):
        point = latents[0] * (1 - share) + latents[1] * share
        assert_images_close(image, by_hand(network, halves, first, lambda _, at=point: at))
    sums = combined(*(network.encode(image[np.newaxis]).latents for image in opened[2]))
    found = network.decode(encoded.with_latents(sums))[0]
    point = latents[0] - latents[1] + latents[2]
    assert_images_close(found, by_hand(network, halves, first, lambda _: point))


def test_the_cost_of_a_channel_is_the_error_that_muting_it_by_hand_adds(opened):
    network, halves, (image, *_) = opened
    costs = channel_costs(network, network.encode(image[np.newaxis]))
    clean = image / np.float32(255)

    def error(change):
        return np.mean(np.square(by_hand(network, halves, image, change) - clean))

    def muted(latent, channel):
        latent = latent.copy()
        latent[..., channel] = 0
        return latent

    unchanged = error(lambda latent: latent)
    assert len(costs) == latent_by_hand(network, halves, image).shape[-1]
    for channel, cost in enumerate(costs):
        added = error(lambda latent, at=channel: muted(latent, at)) - unchanged
        assert cost == pytest.approx(added, abs=1e-6)


def test_as_many_images_as_one_likes_are_encoded_and_decoded_as_one_by_one():
    architecture = cae.Architecture.parse("8x8x1 conv2 pool | up conv1:sigmoid")
    network = InspectedNetwork(cae.build(architecture), architecture, cae.Reconstruct())
    images = np.random.default_rng(0).integers(0, 256, (131, 8, 8, 1), dtype=np.uint8)
    together = network.decode(network.encode(images))
    assert together.shape == images.shape
    for number in (0, 127, 128, 130):
        alone = network.decode(network.encode(images[number : number + 1]))[0]
        assert_images_close(together[number], alone)


def test_rounding_leaves_as_many_levels_as_the_bits_give_and_the_ends_where_they_are():
    latent = np.random.default_rng(0).normal(size=(4, 4, 5)).astype(np.float32)
    for bits in (1, 2, 5):
        found = rounded(latent, bits)
        assert len(np.unique(found)) <= 2**bits
        np.testing.assert_allclose(
            [found.min(), found.max()], [latent.min(), latent.max()], rtol=1e-5
        )
        step = (latent.max() - latent.min()) / (2**bits - 1)
        assert np.abs(found - latent).max() <= step / 2 + 1e-6
    constant = np.full(3, 0.5)
    np.testing.assert_array_equal(rounded(constant, 2), constant)
