"""CAE Lab's core: convolutional autoencoders composed, calculated, trained and used.

    >>> import cae_core as cae
    >>> arch = cae.Architecture.parse("conv8 pool conv12 pool conv16 | up conv12 up conv3:sigmoid")
    >>> cae.analyze(arch).verdict
    'latent 8x8x16 = 1,024 numbers, 3.0 times smaller than the input'

Importing the package is cheap: every public name is loaded on first use, and TensorFlow only
by what needs it (`build`, `split`, `train`, `Run.load`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
