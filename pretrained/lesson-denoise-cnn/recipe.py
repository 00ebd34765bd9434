"""Section C: the convolutional denoiser.

    CAE_DATA_DIR=... python pretrained/lesson-denoise-cnn/recipe.py    # 3 minutes, 1 busy core

Expected on the Fashion-MNIST test set:
sigma 0.5, not clipped: MSE 0.017095, 17.91 dB;
clean-through: MSE 0.011241, 19.94 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "lesson-denoise-cnn",
    summary=(
        "A small convolutional network that takes noise of sigma 0.5 out of images of clothing."
    ),
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
