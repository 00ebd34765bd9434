"""Section B: feature loss on CIFAR-10.

    CAE_DATA_DIR=... python pretrained/feature-loss/recipe.py    # 48 minutes, 1 busy core

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.015008, 18.74 dB.
"""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes.imagenet import FEATURE_LAYERS
from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.recipes.strategies import IMAGENET, FeatureLossTraining
from cae_core.zoo.cards import HALF

RECIPE = source_recipe(
    "feature-loss",
    summary=(
        "The baseline, trained to look right to the judge: features at three depths and gram "
        "terms, in place of VGG-16's (--imagenet)."
    ),
    difference=(
        "As in the source, far more images are recognised than the baseline's; but here the "
        "judge is also what the loss looks through, so that its word is no independent one. Seen "
        "through it pixels count for little: more error than the baseline, where the source's "
        "VGG-16 left it alone."
    ),
    strategy=FeatureLossTraining(
        "judge-cifar10", ("layer_9_relu", "layer_16_relu", "layer_23_relu")
    ),
    schedule="one_cycle",
    finds_rate=True,
    kept=HALF,
)
WITH_IMAGENET = dataclasses.replace(
    RECIPE,
    title="Baseline with ImageNet's feature loss",
    summary="The baseline, trained to look right to VGG-16: features at three depths, gram terms.",
    command="CAE_DATA_DIR=... python pretrained/feature-loss/recipe.py --imagenet --out FOLDER",
    strategy=FeatureLossTraining(IMAGENET, FEATURE_LAYERS),
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__, imagenet=WITH_IMAGENET)
