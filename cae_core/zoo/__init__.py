"""The trained networks in ``pretrained/``.

`cards` reads their model cards and loads their weights, `table` puts measured figures beside
published ones, `judge` measures how many of a network's output images an evaluation classifier
still recognises.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
