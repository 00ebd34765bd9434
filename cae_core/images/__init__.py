"""One image: opened safely, decoded, resized, converted between colour spaces, compared.

An image is float32, (H, W, 3), sRGB in [0, 1]. `guards` checks a file before it is decoded,
`decoding` reads it, `operations` changes it, `color` and `color_ops` convert it (on arrays and
inside a training graph), `metrics` says how far two images are apart.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
