"""How a network learns: tasks, losses, the loop, and the run that it leaves.

`tasks` say what goes in and what is to come out, `config` the settings, `losses` the distance,
`loop` trains, `callbacks` act while it does, `progress` is what they report, `learning_rate` is the
range test, `runs` keeps what came out.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
