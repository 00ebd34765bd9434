"""Section C: the dense denoiser.

    CAE_DATA_DIR=... python pretrained/lesson-denoise-dense/recipe.py    # DURATION

EXPECTED
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.recipes import run_recipe, source_recipe

RECIPE = source_recipe(
    "lesson-denoise-dense",
    summary="A code of 32 numbers has no room for noise, nor for much else.",
)

if __name__ == "__main__":
    run_recipe(RECIPE, __file__)
