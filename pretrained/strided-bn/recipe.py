"""Section A: the source's best.

    CAE_DATA_DIR=... python pretrained/strided-bn/recipe.py    # 2 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.000982, 30.36 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe

RECIPE = source_recipe(
    "strided-bn",
    summary=(
        "A strided convolution and batch normalisation; its latent has more numbers than the image."
    ),
    difference=(
        "The source shows images and no figures. Hard to tell apart indeed; but "
        "shallow-strided, trained with batches of 32 in place of 100, has half its error."
    ),
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
