"""Lightness in, chrominance out: the known lightness is kept.

    CAE_DATA_DIR=... python pretrained/colorize-chroma/recipe.py    # 26 minutes, 2 busy cores

Expected on the CIFAR-10 test set:
colorized 24.73 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import cae_core as cae
from cae_core.recipes.recipe import Recipe, run_recipe

RECIPE = Recipe(
    title="Colorizer, lightness to chrominance",
    summary=(
        "The same encoder and decoder, but only chrominance is returned and merged with "
        "the lightness, which is known: the detail stays. The mean of all plausible "
        "colours is brownish."
    ),
    source="Exercise 3 of the homework; the L2 loss of Zhang, Isola & Efros, ECCV 2016",
    architecture=cae.Architecture.parse(
        "conv32 bn conv64s2 bn conv64s2 bn conv12 bn | up conv32 bn up conv16 bn conv2:tanh",
        input_shape=(32, 32, 1),
    ),
    task=cae.ColorizeChroma(),
    config=cae.TrainConfig(epochs=10, batch_size=128, learning_rate=4e-3),
    tests={"colorized": cae.ColorizeChroma()},
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
