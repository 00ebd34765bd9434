"""One image: opened safely, decoded, resized, converted between colour spaces, compared.

An image is float32, (H, W, 3), sRGB in [0, 1]. `guards` reads a file and checks it before a decoder
sees it, `opening` has Pillow decode it (`tiff` chooses the page, `deep` keeps 16 bits a channel),
`conversion` and `profiles` make it sRGB, `metadata` keeps the rest, and `decoding` puts these
together. `encoding` makes a file of an image, `operations` checks and changes arrays, `color` and
`color_ops` convert colours (of arrays, and inside a training graph), `metrics` says how far two
images are apart.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
