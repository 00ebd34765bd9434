"""Inspection: what happens to one image inside a trained network.

`network` takes a network apart into encoder and decoder and gives every layer's output, `maps`
puts a layer's channels in order, `kernels` are the weights as images, `arithmetic` writes out one
number, `edits` change a latent channel by channel and rank its channels, `mixing` goes from one
image to another, `latent_map` puts the latents of many images on a plane and draws random ones.
`keras_layers` opens networks that no architecture text describes, `keras_graph` puts their
operations into place.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
