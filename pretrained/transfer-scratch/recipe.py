"""Section B: the same encoder from scratch on CIFAR-10.

    CAE_DATA_DIR=... python pretrained/transfer-scratch/recipe.py    # 36 minutes, 1 busy core

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.004509, 24.08 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.architecture.notation import Architecture
from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.zoo.cards import HALF

RECIPE = source_recipe(
    "resnet34",
    summary=("The encoder of the transfer row with random weights in place of the judge's."),
    title="The same encoder from scratch",
    difference=(
        "The judge's layers, from random weights, stand in for ResNet-34's. Less error than "
        "published: they reduce images to 3x3, where ResNet-34 leaves one place. As in the "
        "source, a start from a classifier is no help, and the baseline has less error."
    ),
    architecture=Architecture.parse(
        "conv24k2:valid:linear relu conv64:linear pool bn relu conv64:linear bn relu "
        "conv128:linear pool bn relu conv128:linear bn relu conv256:linear pool bn relu "
        "conv256:linear bn relu flatten dense1000:linear | dense1536 reshape8x8x24 up "
        "conv12:linear bn relu up conv3:sigmoid"
    ),
    schedule="one_cycle",
    finds_rate=True,
    kept=HALF,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
