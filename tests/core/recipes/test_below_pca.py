"""Networks that start at PCA: that they do, and that training leads below it."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cae_core.architecture.notation import Architecture
from cae_core.architecture.report import analyze
from cae_core.data.dataset import Dataset
from cae_core.errors import TrainingError
from cae_core.models.builder import build
from cae_core.recipes.below_pca import BelowPca, start_at_pca
from cae_core.recipes.strategies import Training
from cae_core.recipes.table import RECIPES
from cae_core.training.config import TrainConfig
from cae_core.training.tasks import Reconstruct

ROOT = Path(__file__).parents[3]
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


def training(folder):
    parts = (photos(count, seed) for seed, count in enumerate((1_024, 256, 256)))
    return Training(
        Architecture.parse(TEXT.format("")),
        Dataset("photos", *parts),
        Reconstruct(),
        TrainConfig(epochs=1, batch_size=64, learning_rate=1e-3),
        folder,
    )


def test_another_backend_than_jax_is_refused_with_the_command(tmp_path):
    with pytest.raises(TrainingError, match=r"Received: .* tensorflow.* KERAS_BACKEND=jax"):
        BelowPca(1e-4).train(training(tmp_path))


@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="jax is not installed")
def test_a_moment_of_training_leads_below_pca_and_is_continued(tmp_path):
    command = [sys.executable, "-m", "tests.core.recipes.test_below_pca", str(tmp_path)]
    environment = os.environ | {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    for _ in range(2):
        subprocess.run(command, env=environment, check=True, cwd=ROOT)  # noqa: S603
    first, again = (np.loadtxt(tmp_path / f"{number}.txt") for number in range(2))
    assert first[-1] < first[0]  # PCA
    assert again[0] < first[0]  # the checkpoint's


def train_a_moment(folder):
    """Writes the validation errors after every epoch; in a process whose backend is JAX."""
    (phase,) = BelowPca(1e-4, minutes=0.1).train(training(folder))
    errors = [record.validation_loss for record in phase.history]
    np.savetxt(folder / f"{len(list(folder.glob('*.txt')))}.txt", [errors[0], min(errors)])


def test_the_family_is_declared_with_latents_of_all_sizes():
    latents = {name: recipe for name, recipe in RECIPES.items() if name.startswith("pca-")}
    photographs = {f"pca-{size}" for size in (32, 64, 128, 256, 512, 1000)}
    small = {f"pca-{size}-{data}" for size in (10, 32, 64) for data in ("mnist", "fashion")}
    assert set(latents) == photographs | small
    for name, recipe in latents.items():
        assert isinstance(recipe.strategy, BelowPca)
        assert recipe.strategy.is_mirrored == (name in photographs)
        assert recipe.architecture.encoder[-1].units == int(name.split("-")[1])
        assert analyze(recipe.architecture).parameters < (2e6 if name in photographs else 3e5)


if __name__ == "__main__":
    train_a_moment(Path(sys.argv[1]))
