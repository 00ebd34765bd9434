"""How photo-codec-1 was trained, as `cae_core.recipes.rate_training` says.

    KERAS_BACKEND=jax python -m cae_core make photo-codec-1 train --photos BSDS500 --out FOLDER

`train` needs a GPU.
"""

from cae_core.recipes.rate_training import RateRecipe, command_line

main = command_line("photo-codec-1", RateRecipe(error_weight=0.0005, channels=128, bits=7), print)

if __name__ == "__main__":
    main()
