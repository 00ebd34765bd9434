"""The page Inside: an image on its way through a trained network.

`opened` is the network and the image that were chosen, `parts` the table of the page's parts:
`layers` and, for networks that no architecture text describes, `keras_layers` (both show
`feature_maps`, `one_number` written out and `kernels`), `latent` (the latent, changed and decoded
again), `between` (from one image to another), `map` (the latents of many images, with `hover` for
their images), `learning` (a training replayed). `colors` are those of signed numbers.
`panel` shows a latent on other pages, with a link to this one.
"""
