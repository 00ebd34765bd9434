"""Section C: the lesson with convolutions.

    CAE_DATA_DIR=... python pretrained/lesson-cnn/recipe.py    # DURATION

EXPECTED
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes import run_recipe, source_recipe

RECIPE = source_recipe(
    "lesson-cnn",
    summary="638 parameters and a code of 49 numbers.",
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
