"""A network that starts at principal components is PCA."""

import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.models.builder import build
from cae_core.recipes.pca_start import start_at_pca

FILTER = "@{0} unshuffle conv16:silu @{0}a conv16:silu conv16:linear add@{0}a conv12:linear shuffle"
TEXT = f"8x8x3 {FILTER.format('x')} add@x pca12m8 | unpca{{}} {FILTER.format('r')} add@r"


def photos(count, seed=0):
    """Smooth random images, uint8 (count, 8, 8, 3)."""
    noise = np.random.default_rng(seed).normal(size=(count, 12, 12, 3))
    smooth = sum(noise[:, y : y + 8, x : x + 8] for y in range(5) for x in range(5)) / 5
    return np.clip(128 + 40 * smooth, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("weights", ["", ":tied"])
def test_an_untrained_network_is_pca_of_the_images_and_their_mirror_images(weights):
    images = photos(500)
    architecture = Architecture.parse(TEXT.format(weights))
    model = build(architecture)
    start_at_pca(model, architecture, images, seed=0)

    both = np.concatenate([images, images[:, :, ::-1]]).reshape(1_000, -1) / 255
    mean = both.mean(axis=0)
    vectors = np.linalg.eigh(np.cov(both.T))[1]
    # The same numbers of even and odd components as the network has.
    mirrored = vectors.reshape(8, 8, 3, -1)[:, ::-1].reshape(192, -1)
    parity = np.einsum("ij,ij->j", vectors, mirrored)
    even, odd = (vectors[:, chosen][:, ::-1] for chosen in (parity > 0, parity < 0))
    components = np.concatenate([even[:, :8], odd[:, :4]], axis=1)
    expected = (both[:500] - mean) @ components @ components.T + mean

    output = np.asarray(model(images / np.float32(255), training=False)).reshape(500, -1)
    np.testing.assert_allclose(output, expected, atol=1e-4)


def test_without_symmetry_an_untrained_network_is_pca_of_the_images():
    images = photos(500)
    architecture = Architecture.parse(TEXT.format("").replace("pca12m8", "pca12"))
    model = build(architecture)
    start_at_pca(model, architecture, images, seed=0)

    rows = images.reshape(500, -1) / 255
    mean = rows.mean(axis=0)
    components = np.linalg.eigh(np.cov(rows.T))[1][:, -12:]
    expected = (rows - mean) @ components @ components.T + mean

    output = np.asarray(model(images / np.float32(255), training=False)).reshape(500, -1)
    np.testing.assert_allclose(output, expected, atol=1e-4)
