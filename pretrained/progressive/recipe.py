"""Section B: progressive resizing on CIFAR-10.

    CAE_DATA_DIR=... python pretrained/progressive/recipe.py

Not trained yet.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.practices import ProgressiveResizing
from cae_core.recipes import run_recipe, source_recipe
from cae_core.zoo import HALF

RECIPE = source_recipe(
    "progressive",
    summary="The baseline, trained on coarse pictures first.",
    practice=ProgressiveResizing(factor=2, epochs=5),
    schedule="one_cycle",
    finds_rate=True,
    kept=HALF,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
