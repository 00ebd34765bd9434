"""The page Inside: what a picture becomes in a trained network.

`opened` is the network and the picture that were chosen, `parts` the table of the page's parts:
`layers` (feature maps, kernels, with `one_number` written out), `code` (the latent, changed and
decoded again), `between` (from one picture to another). `colors` are those of signed numbers.
`panel` shows a latent on other pages, with a link to this one.
"""
