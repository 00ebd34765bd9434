"""An autoencoder on paper: its layers, their text, and what they do to an image's size.

Nothing here knows Keras. `notation` reads and writes the text, `layers` has the kinds of layers,
`shapes` the arithmetic of one layer, `receptive_field` layers in place, `report` the whole answer,
`editing` changes to an architecture, `presets` the networks of the four source documents.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
