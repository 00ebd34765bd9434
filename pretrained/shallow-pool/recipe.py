"""Section A: no dense layers, one max pooling.

    CAE_DATA_DIR=... python pretrained/shallow-pool/recipe.py    # 2 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.000932, 30.80 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "shallow-pool",
    summary="Four convolutions and a single max pooling: the dense layers are gone.",
    difference=(
        "The source shows images and no figures. A gain indeed, with a latent larger than the "
        "image: PCA needs fewer than 600 numbers for the same error."
    ),
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
