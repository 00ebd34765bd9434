"""From an architecture to a Keras model, and the networks that are no plain architecture.

`layers` has the layers that Keras lacks, `builder` makes
and splits a model, `precision` chooses its number format; `photo_denoiser` and `colorizer` (with
`ab_bin_centres`) are the networks behind `cae_core.denoise` and `cae_core.colorize`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
