"""Section A: the same with one more convolution and batch normalisation.

    CAE_DATA_DIR=... python pretrained/conv-dense-bn/recipe.py    # 11 minutes, 1 busy core

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.006323, 22.51 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.zoo.cards import NOT_KEPT

RECIPE = source_recipe(
    "conv-dense-bn",
    summary=(
        "An attempt to save the network with dense layers in its middle by batch normalisation."
    ),
    difference=(
        "The source shows images of one failure among several attempts and does not say where "
        "it put the normalisation. It did not fail here: slightly less error than without."
    ),
    kept=NOT_KEPT,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
