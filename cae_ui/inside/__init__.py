"""The page Inside: an image on its way through a trained network.

`opened` is the network and the image that were chosen, `parts` the table of the page's parts:
`layers` (feature maps, kernels, with `one_number` written out; `keras_layers` for networks that no
architecture text describes), `latent` (the latent, changed and
decoded again), `between` (from one image to another), `map` (the latents of many images, with
`hover` for their images), `learning` (a training replayed). `colors` are those of signed numbers.
`panel` shows a latent on other pages, with a link to this one.
"""
