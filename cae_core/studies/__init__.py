"""Studies over many trainings, with their tables in ``studies/``.

`plan` says what varies and which trainings follow, `sweep` trains what a table lacks, `effects`
says what came out, `tables` has the paths of the tables, `latent_size` and `claims` are the two
studies, `pca` computes the error of the best linear autoencoder.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
