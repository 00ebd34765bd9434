"""Many trainings and what they say: tables in ``studies/`` and the answers drawn from them.

`sweep` trains what a table lacks, `tables` says where they are kept, `latent_size` and `claims`
are the two studies, `pca` the best linear autoencoder as the line to beat.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
