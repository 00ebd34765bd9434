"""The source's denoiser at sigma 0.3, trained as its author did: 3 epochs, batch 100.

    CAE_DATA_DIR=... python pretrained/denoise-0.3/recipe.py    # 14 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
sigma 0.3 22.30 dB;
clean-through 24.37 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import cae_core as cae
from cae_core.recipes import Recipe, run_recipe

RECIPE = Recipe(
    title="Source denoiser, sigma 0.3",
    summary=(
        "Strided convolution and batch normalisation, 29,123 parameters, trained on noise of sigma "
        "0.3. Fed a clean picture, it smears it."
    ),
    source="rtflynn/Cifar-Autoencoder",
    architecture=cae.get_preset("denoise-0.3").architecture,
    task=cae.Denoise(sigma=0.3),
    config=cae.TrainConfig(epochs=3, batch_size=100, learning_rate=1e-3, schedule="constant"),
    tests={
        "sigma 0.3, not clipped": cae.Denoise(sigma=0.3),
        "clean-through": cae.Reconstruct(),
    },
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
