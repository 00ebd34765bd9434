"""What a bottleneck costs: the homework network trained to denoise, sigma from 0 to 100/255.

    CAE_DATA_DIR=... python pretrained/homework-denoise/recipe.py    # 21 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
sigma 15 of 255 23.08 dB;
sigma 25 of 255 22.88 dB;
sigma 50 of 255 22.10 dB;
clean-through 23.19 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import cae_core as cae
from cae_core.recipes.recipe import Recipe, run_recipe

RECIPE = Recipe(
    title="Bottleneck denoiser",
    summary=(
        "The homework network of 1,024 latent numbers for 3,072 of an image, trained to denoise at "
        "every sigma from 0 to 100/255. Its bottleneck loses detail that the noise left intact."
    ),
    source="ACML homework, exercise 1, with the task of exercise 2's denoisers",
    architecture=cae.get_preset("homework").architecture,
    task=cae.Denoise(sigma=(0.0, 100 / 255)),
    config=cae.TrainConfig(epochs=10, batch_size=128),
    tests={
        "sigma 15 of 255, not clipped": cae.Denoise(sigma=15 / 255),
        "sigma 25 of 255, not clipped": cae.Denoise(sigma=25 / 255),
        "sigma 50 of 255, not clipped": cae.Denoise(sigma=50 / 255),
        "clean-through": cae.Reconstruct(),
    },
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
