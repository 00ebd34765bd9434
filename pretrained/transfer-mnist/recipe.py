"""Section B: transfer learning, with the judge's body as encoder, on MNIST.

    CAE_DATA_DIR=... python pretrained/transfer-mnist/recipe.py    # 13 minutes, 1 busy core

Expected on the MNIST test set:
reconstruction: MSE 0.005082, 23.75 dB.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.architecture.notation import Architecture
from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.recipes.strategies import TransferLearning
from cae_core.zoo.cards import HALF

RECIPE = source_recipe(
    "resnet34-pretrained-mnist",
    summary=(
        "The judge's convolutions as encoder, frozen for ten epochs; ImageNet's, which the "
        "source took, have to be fetched."
    ),
    title="Transferred encoder on MNIST",
    difference=(
        "The judge's convolutions stand in for a ResNet-34 trained on ImageNet. As in the source, "
        "more error than the baseline's: features made for telling digits apart keep less detail."
    ),
    architecture=Architecture.parse(
        "28x28x1 conv32:linear pool bn relu conv64:linear bn relu conv64:linear pool bn "
        "relu conv128:linear bn relu conv128:linear pool bn relu flatten dense1000:linear "
        "| dense1176 reshape7x7x24 up conv12:linear bn relu up conv1:sigmoid"
    ),
    strategy=TransferLearning("judge-mnist", layers=18),
    schedule="one_cycle",
    finds_rate=True,
    # 0.1, which a test up to 1 suggests, was no better: 0.00198 with progressive resizing.
    highest_rate=0.1,
    kept=HALF,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
