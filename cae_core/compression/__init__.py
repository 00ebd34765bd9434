"""Images as few bytes: a network's latents rounded, entropy-coded and kept in a .cae file.

`codec` is behind `cae.compress` and `cae.decompress`, `networks` applies a network of the zoo to a
photo of any size, `quantisation` rounds its latents, `entropy` codes whole numbers, `container` is
the file's format, `comparison` sets the codec beside others, of which `block_pca` is one, `size` is
the arithmetic of bits and bytes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
