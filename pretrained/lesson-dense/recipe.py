"""Section C: the lesson with dense layers.

    CAE_DATA_DIR=... python pretrained/lesson-dense/recipe.py    # 1 minute, 2 busy cores

Expected on the Fashion-MNIST test set:
reconstruction: MSE 0.014005, 19.39 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "lesson-dense",
    summary="Ten numbers sent in place of an image of clothing: that is compression.",
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
