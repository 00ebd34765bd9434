"""The page Denoise: a photo, noise under a slider, and a network that removes it.

In the order of the page: `inputs` (mode, network, options), `scene` (the photo with its noise),
`damages` (other damages than Gaussian noise), `result` (images compared, figures, downloads, the
whole photo), `own_noise` (a note on noise that a photo came with), `self_training` (a network
trained on the one image), `methods` (other denoisers), `several` (all uploaded photos at once).
"""
