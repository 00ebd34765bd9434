"""Many images: data sets by name, downloads, folders and uploads cut into patches.

`dataset` is the class (three parts that share no image), `registry` loads one by its name,
`downloads` fetches it, `uploads`, `patches` and `cutting` make one of photographs, `samples` are
the images that are always there, `cbsd68` is the denoisers' benchmark.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
