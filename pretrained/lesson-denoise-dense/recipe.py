"""Section C: the dense denoiser.

    CAE_DATA_DIR=... python pretrained/lesson-denoise-dense/recipe.py    # 1 minute, 2 busy cores

Expected on the Fashion-MNIST test set:
sigma 0.5, not clipped: MSE 0.019020, 17.64 dB;
clean-through: MSE 0.015339, 18.71 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "lesson-denoise-dense",
    summary="A latent of 32 numbers has no room for noise, nor for much else.",
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
