"""Networks applied to photographs of any size.

`tiling` plans tiles and joins them, `apply` puts a trained autoencoder on a photo, `denoising` and
`colorizing` are behind `cae_core.denoise` and `cae_core.colorize`, `camera_denoising` takes a
camera's noise off, `noise_kind` chooses the network for an image, `noise_level` estimates sigma,
`classical` has the methods that networks are compared with, `hints` spreads colours that are known,
`zoo_inputs` are what the zoo's networks take in.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
