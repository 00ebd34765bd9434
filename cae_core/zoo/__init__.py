"""The trained networks in ``pretrained/``: their cards, their table, their judge.

`cards` reads and loads them, `table` puts measured figures beside published ones, `judge` is the
classifier that says how many outputs are still recognised.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
