"""Section B: feature loss on MNIST.

    CAE_DATA_DIR=... python pretrained/feature-loss-mnist/recipe.py    # 20 minutes, 1 busy core

Expected on the MNIST test set:
reconstruction: MSE 0.003989, 24.67 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.recipes.strategies import FeatureLossTraining
from cae_core.zoo.cards import HALF

RECIPE = source_recipe(
    "feature-loss-mnist",
    summary=(
        "The baseline, trained to look right to the judge: features at three depths and gram "
        "terms, in place of VGG-16's."
    ),
    difference=(
        "The source's errors for this row are its CIFAR-10 ResNet's, probably pasted, and left "
        "out. The judge recognises more than the source's did, but here it is also what the loss "
        "looks through: its word is no independent one."
    ),
    strategy=FeatureLossTraining("judge-mnist", ("layer_4_relu", "layer_11_relu", "layer_18_relu")),
    schedule="one_cycle",
    finds_rate=True,
    # 0.1, which a test up to 1 suggests, was no better: 0.00198 with progressive resizing.
    highest_rate=0.1,
    kept=HALF,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
