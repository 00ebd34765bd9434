"""Training: tasks, losses, the loop, and the run that it leaves.

`tasks` make inputs and targets of images, `config` holds the settings, `losses` compare outputs and
targets, `loop` trains, `callbacks` act while it does, `progress` is what they report, `evaluation`
measures a network on images, `runs` saves and loads trained networks, `history` the table of their
losses, `learning_rate` is the range test.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
