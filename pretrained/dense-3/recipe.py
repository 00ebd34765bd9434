"""Section A: three dense hidden layers on CIFAR-10.

    CAE_DATA_DIR=... python pretrained/dense-3/recipe.py

Not trained yet.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes import run_recipe, source_recipe
from cae_core.zoo import NOT_KEPT

RECIPE = source_recipe(
    "dense-3",
    summary=("Three hidden layers of 3,072, 2,048 and 1,024 units: more of what does not help."),
    kept=NOT_KEPT,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
