"""Keras models: made of an architecture, or networks that no architecture text describes.

`builder` makes and splits the model of an architecture, `layers` has the layers that Keras lacks,
`precision` chooses the number format of a training; `networks` is the registry of the other
networks: `photo_denoiser` and `camera_denoiser`, behind `cae_core.denoise`, and `colorizer` (with
`ab_bins`), behind `cae_core.colorize`.
"""

import logging

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# TensorFlow counts compilations by the code of Keras's functions, which all networks share: it
# would take a fifth network for one function that is compiled again and again.
logging.getLogger("tensorflow").addFilter(
    lambda record: "tf.function retracing" not in str(record.msg)
)
