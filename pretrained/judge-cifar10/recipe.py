"""The judge of CIFAR-10: a classifier that is asked about autoencoders' images.

    CAE_DATA_DIR=... python pretrained/judge-cifar10/recipe.py    # 32 minutes, 2 busy cores

Expected on the CIFAR-10 test set: 92.07 %.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cae_core.architecture.notation import Architecture
from cae_core.recipes.judge_training import JudgeRecipe, run_judge_recipe

RECIPE = JudgeRecipe(
    title="Judge of CIFAR-10",
    dataset="cifar10",
    architecture=Architecture.parse(
        "conv24k2:valid:linear relu conv64:linear pool bn relu conv64:linear bn relu "
        "conv128:linear pool bn relu conv128:linear bn relu conv256:linear pool bn relu "
        "conv256:linear bn relu pool3 flatten | dense10:linear"
    ),
    epochs=18,
    batch_size=128,
    peak=1e-2,
    margin=2,
    is_mirrored=True,
)

if __name__ == "__main__":
    run_judge_recipe(RECIPE, __file__)
