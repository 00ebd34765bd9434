"""The source's denoiser at sigma 0.3, trained as its author did.

    CAE_DATA_DIR=... python pretrained/denoise-0.3/recipe.py    # 14 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
sigma 0.3, not clipped: MSE 0.006105, 22.30 dB;
clean-through: MSE 0.003961, 24.37 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "denoise-0.3",
    summary=(
        "Strided convolution and batch normalisation, 29,123 parameters, trained on noise of "
        "sigma 0.3. Fed a clean image, it smears it."
    ),
    difference=(
        "The source shows images and no figures. Usable to the eye, but the judge recognises "
        "fewer than half of what comes back."
    ),
    title="Source denoiser, sigma 0.3",
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
