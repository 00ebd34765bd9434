"""Recipes of the networks in ``pretrained/``: ``python -m cae_core make NAME`` trains one.

`table` lists the recipes, `recipe` defines what one states, `pipeline` trains, measures and writes
the card, `strategies` are trainings in several phases, `time_budget` trains for a given time,
`rate_training` has the codecs for photographs; `command_line` and `bsds500` are what recipes in
the networks' own folders share.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
