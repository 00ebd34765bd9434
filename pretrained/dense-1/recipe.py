"""Section A: one dense hidden layer on CIFAR-10.

    CAE_DATA_DIR=... python pretrained/dense-1/recipe.py    # 4 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.007424, 21.77 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.zoo.cards import HALF

RECIPE = source_recipe(
    "dense-1",
    summary="One hidden layer of 1,024 units between image and image.",
    difference=(
        "The source shows images and no figures. Blurry indeed: PCA has less error with 128 "
        "numbers."
    ),
    kept=HALF,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
