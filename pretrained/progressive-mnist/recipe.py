"""Section B: progressive resizing on MNIST.

    CAE_DATA_DIR=... python pretrained/progressive-mnist/recipe.py

Not trained yet.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.practices import ProgressiveResizing
from cae_core.recipes import run_recipe, source_recipe
from cae_core.zoo import NOT_KEPT

RECIPE = source_recipe(
    "progressive-mnist",
    summary="The baseline, trained on coarse pictures first.",
    practice=ProgressiveResizing(factor=2, epochs=5),
    schedule="one_cycle",
    finds_rate=True,
    kept=NOT_KEPT,
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
