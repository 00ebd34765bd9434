"""An autoencoder on paper: its layers, their text, and what they do to an image's size.

Nothing here imports Keras. `layers` has a class for each kind of layer (`shapes` and `formulas`
are the arithmetic they share), `notation` reads and writes an architecture (`tokens` one layer),
`receptive_field` puts the layers in place, `report` is the whole calculation, `remedies` are small
changes that make misfits fit (`search` finds them), `editing` changes an architecture, `presets`
are the networks of the four source documents.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
