"""Grey in, the colour image out: the plainest way to colorize.

    CAE_DATA_DIR=... python pretrained/colorize-rgb/recipe.py    # 11 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
colorized 23.67 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import cae_core as cae
from cae_core.recipes.recipe import Recipe, run_recipe

RECIPE = Recipe(
    title="Colorizer, grey to RGB",
    summary=(
        "Returns the whole image from its grey, through a bottleneck: the detail that "
        "was known is lost with what was not."
    ),
    source="Exercise 3 of the homework; grey to RGB",
    architecture=cae.Architecture.parse(
        "conv32 bn conv64s2 bn conv64s2 bn conv12 bn | up conv32 bn up conv16 bn conv3:sigmoid",
        input_shape=(32, 32, 1),
    ),
    task=cae.ColorizeRGB(),
    config=cae.TrainConfig(epochs=10, batch_size=128, learning_rate=4e-3),
    tests={"colorized": cae.ColorizeRGB()},
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
