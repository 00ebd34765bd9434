"""Section A: three dense hidden layers on CIFAR-10.

    CAE_DATA_DIR=... python pretrained/dense-3/recipe.py    # 17 minutes, 1 busy core

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.012048, 19.71 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.zoo.cards import NOT_KEPT

RECIPE = source_recipe(
    "dense-3",
    summary="Three hidden layers of 3,072, 2,048 and 1,024 units: more of what does not help.",
    difference=(
        "The source shows images and no figures. Worse than one hidden layer here too, with the "
        "same latent; its author allows that it may only need more training."
    ),
    kept=NOT_KEPT,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
