"""Section A: dense layers in the middle of convolutions.

    CAE_DATA_DIR=... python pretrained/conv-dense/recipe.py    # 9 minutes, 1 busy core

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.006853, 22.16 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.zoo.cards import NOT_KEPT

RECIPE = source_recipe(
    "conv-dense",
    summary="Convolutions on both sides of two dense layers of 2,048 units.",
    difference=(
        "The source shows images and no figures. Poor indeed: hardly less error than one dense "
        "layer alone, and more than PCA with 128 numbers."
    ),
    kept=NOT_KEPT,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
