"""Many images: data sets by name, downloads, folders and uploads cut into patches.

`dataset` is the contract (three parts that share no image), `registry` finds a data set by its
name, `downloads` fetches it, `patches`, `cutting` and `uploads` make one of photographs, `samples`
are the photographs that ship with scikit-image, `cbsd68` is the denoisers' benchmark.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
