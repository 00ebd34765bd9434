"""Section B: transfer learning, with the judge's body as encoder, on CIFAR-10.

    CAE_DATA_DIR=... python pretrained/transfer/recipe.py    # 23 minutes, 1 busy core

Expected on the CIFAR-10 test set:
reconstruction: MSE 0.013118, 19.37 dB.
"""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.architecture.notation import Architecture
from cae_core.recipes.imagenet import VGG16_LAYERS, VGG16_TEXT
from cae_core.recipes.recipe import run_recipe, source_recipe
from cae_core.recipes.strategies import IMAGENET, TransferLearning
from cae_core.zoo.cards import HALF

DECODER = "dense1536 reshape8x8x24 up conv12:linear bn relu up conv3:sigmoid"
RECIPE = source_recipe(
    "resnet34-pretrained",
    summary=(
        "The judge's convolutions as encoder, frozen for ten epochs; ImageNet's, which the "
        "source took, have to be fetched (--imagenet)."
    ),
    title="Transferred encoder",
    difference=(
        "The judge's convolutions stand in for a ResNet-34 trained on ImageNet. The outcome is the "
        "source's: features made for telling classes apart keep little detail, and the error is "
        "more than three times the baseline's."
    ),
    architecture=Architecture.parse(
        "conv24k2:valid:linear relu conv64:linear pool bn relu conv64:linear bn relu "
        "conv128:linear pool bn relu conv128:linear bn relu conv256:linear pool bn relu "
        f"conv256:linear bn relu flatten dense1000:linear | {DECODER}"
    ),
    strategy=TransferLearning("judge-cifar10", layers=23),
    schedule="one_cycle",
    finds_rate=True,
    kept=HALF,
)
# VGG-16 in place of the source's ResNet-34, which keras.applications does not have.
WITH_IMAGENET = dataclasses.replace(
    RECIPE,
    title="Encoder transferred from ImageNet",
    summary="The convolutions of VGG-16, trained on ImageNet, as encoder; frozen for ten epochs.",
    command="CAE_DATA_DIR=... python pretrained/transfer/recipe.py --imagenet --out FOLDER",
    architecture=Architecture.parse(f"{VGG16_TEXT} flatten dense1000:linear | {DECODER}"),
    strategy=TransferLearning(IMAGENET, layers=VGG16_LAYERS),
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__, imagenet=WITH_IMAGENET)
