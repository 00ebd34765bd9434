"""Section A: the same with one more convolution and batch normalisation.

    CAE_DATA_DIR=... python pretrained/conv-dense-bn/recipe.py

Not trained yet.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes import run_recipe, source_recipe
from cae_core.zoo import NOT_KEPT

RECIPE = source_recipe(
    "conv-dense-bn",
    summary=(
        "An attempt to save the network with dense layers in its middle by batch normalisation."
    ),
    kept=NOT_KEPT,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
