"""The source's denoiser at sigma 1.0, trained as its author did: 9 epochs, batch 100.

    CAE_DATA_DIR=... python pretrained/denoise-1.0/recipe.py    # 23 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
sigma 1.0 17.61 dB;
clean-through 19.48 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import cae_core as cae
from cae_core.recipes import Recipe, run_recipe

RECIPE = Recipe(
    title="Source denoiser, sigma 1.0",
    summary=(
        "Strided convolution and batch normalisation, 29,123 parameters, trained on noise of sigma "
        "1.0. Fed a clean picture, it smears it."
    ),
    source="rtflynn/Cifar-Autoencoder",
    architecture=cae.get_preset("denoise-1.0").architecture,
    task=cae.Denoise(sigma=1.0),
    config=cae.TrainConfig(epochs=9, batch_size=100, learning_rate=1e-3, schedule="constant"),
    tests={
        "sigma 1.0, not clipped": cae.Denoise(sigma=1.0),
        "clean-through": cae.Reconstruct(),
    },
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
