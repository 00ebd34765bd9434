"""Networks that start at PCA: training leads below it."""

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
from cae_core.data.registry import load_dataset
from cae_core.errors import TrainingError
from cae_core.models.builder import build
from cae_core.recipes.below_pca import BelowPca
from cae_core.recipes.pca_start import start_at_pca
from cae_core.recipes.strategies import StartAtPca, Training
from cae_core.recipes.table import RECIPES
from cae_core.training.config import TrainConfig
from cae_core.training.evaluation import evaluate
from cae_core.training.tasks import Reconstruct
from tests.core.recipes.test_pca_start import TEXT, photos

ROOT = Path(__file__).parents[3]


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


def test_the_usual_training_leads_below_pca(tmp_path):
    block = "unshuffle4 conv32:silu conv48:linear shuffle4"
    architecture = Architecture.parse(f"@x {block} add@x pca64 | unpca @r {block} add@r")
    data = load_dataset("photo_patches", limit=2_000)
    config = TrainConfig(epochs=6, batch_size=32, learning_rate=2e-4)
    start = build(architecture)
    start_at_pca(start, architecture, data.train, seed=0)
    given = Training(architecture, data, Reconstruct(), config, tmp_path)
    (phase,) = StartAtPca().train(given)
    assert phase.test["mse"] < evaluate(start, data.test, Reconstruct())["mse"]


def test_the_family_is_declared_with_latents_of_all_sizes():
    latents = {name: recipe for name, recipe in RECIPES.items() if name.startswith("pca-")}
    photographs = {f"pca-{size}" for size in (32, 64, 128, 256, 512, 1000)}
    small = {f"pca-{size}-{data}" for size in (10, 32, 64) for data in ("mnist", "fashion")}
    assert set(latents) == photographs | small
    for name, recipe in latents.items():
        assert isinstance(recipe.strategy, BelowPca if name in photographs else StartAtPca)
        assert recipe.architecture.encoder[-1].units == int(name.split("-")[1])
        assert analyze(recipe.architecture).parameters < (2e6 if name in photographs else 3e5)


if __name__ == "__main__":
    train_a_moment(Path(sys.argv[1]))
