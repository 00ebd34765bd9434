"""How photo-codec-3 was trained: see `cae_core.recipes.rate_training`.

    KERAS_BACKEND=jax python -m cae_core make photo-codec-3 train --photos BSDS500 --out FOLDER
"""

from cae_core.recipes.rate_training import RateRecipe, command_line

main = command_line("photo-codec-3", RateRecipe(error_weight=0.0075, channels=160))

if __name__ == "__main__":
    main()
