"""How photo-codec-1 was trained: see `cae_core.recipes.rate_training`.

    KERAS_BACKEND=jax python -m cae_core make photo-codec-1 train --photos BSDS500 --out FOLDER
"""

from cae_core.recipes.rate_training import RateRecipe, command_line

main = command_line("photo-codec-1", RateRecipe(error_weight=0.0013, channels=128))

if __name__ == "__main__":
    main()
