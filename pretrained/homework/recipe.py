"""Section D: the homework network, 10 epochs.

    CAE_DATA_DIR=... python pretrained/homework/recipe.py    # 2 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.005485, 23.14 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "homework",
    summary="The nine layers of the homework, trained as it asks.",
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
