"""Section D: the homework network until it stops improving.

    CAE_DATA_DIR=... python pretrained/homework-long/recipe.py    # 14 minutes, 1 busy core

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.004352, 24.17 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "homework",
    summary="What the nine layers of the homework can do at best.",
    title="Homework network, trained until it stops improving",
    epochs=100,
    patience=3,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
