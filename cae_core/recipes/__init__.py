"""How the networks in ``pretrained/`` were trained, so that anybody can train them again.

`recipe` is a network's settings and the card they lead to, `strategies` are trainings that are more
than one fit, `time_budget` trains by the clock; the rest belongs to single networks.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
