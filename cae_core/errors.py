"""Every error that a user of CAE Lab can cause.

The tree::

    CAEError
    ├── ArchitectureError   an architecture text, JSON or layer that cannot be
    ├── ImageError          an image that cannot be opened or used
    ├── DatasetError        a data set that cannot be found, read or split
    │   └── LoadingCancelledError   loading that the user stopped (in downloads.py)
    ├── TrainingError       settings that cannot be trained with
    ├── JobError            a background job that cannot be started or found
    ├── ExportError         a network that cannot be saved as asked (exports.py)
    └── RunError            a run folder that cannot be read or written

A message has three parts, in this order: the rule, ``Received: ...``, and the
remedy. The app shows the text as it stands, the command line prints it and exits
with 2. Anything that is not a `CAEError` is a bug, and surfaces.
"""


class CAEError(ValueError):
    """Base class of every error a user can cause."""


class ArchitectureError(CAEError):
    """An architecture text, JSON document or layer that cannot be."""


class ImageError(CAEError):
    """An image that cannot be opened or used."""


class DatasetError(CAEError):
    """A data set that cannot be found, read or split."""


class TrainingError(CAEError):
    """Training settings that cannot be trained with."""


class JobError(CAEError):
    """A background job that cannot be started or found."""


class RunError(CAEError):
    """A run folder that cannot be read or written."""
