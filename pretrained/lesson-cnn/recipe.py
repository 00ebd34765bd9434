"""Section C: the lesson with convolutions.

    CAE_DATA_DIR=... python pretrained/lesson-cnn/recipe.py    # 4 minutes, 2 busy cores

Expected on the Fashion-MNIST test set:
reconstruction: MSE 0.015120, 18.66 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "lesson-cnn",
    summary="638 parameters and a latent of 49 numbers.",
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
