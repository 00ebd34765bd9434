"""Every error that a user of CAE Lab can cause, and no other module defines one.

The tree::

    CAEError
    ├── ArchitectureError   an architecture text, JSON document or layer that cannot be
    ├── ImageError          an image that cannot be opened or used
    ├── DatasetError        a data set that cannot be found, read or split
    ├── TrainingError       settings that cannot be trained with
    ├── RecordError         a file that the app keeps and cannot read
    ├── RunError            a run's folder that cannot be read or written
    ├── ExportError         a network that cannot be saved as asked
    ├── JobError            a background job that cannot be started or found
    ├── WorkerError         a worker process that ended before its work
    ├── CompressionError    a compressed image that cannot be made or read
    ├── ZooError            a pretrained network that cannot be found, read or used as asked
    ├── PlaceError          a place where a command cannot save its result
    └── StoppedError        work that ended because `should_stop()` said so

A message has three parts, in this order: the rule, ``Received: ...``, and the
remedy. A layer that cannot work knows no remedy: `Report.remedies` has those
that were tried in its network. The app shows the text as it stands, the command
line prints it and exits with 2. Anything that is not a `CAEError` is a bug, and
surfaces.
"""


class CAEError(ValueError):
    """Base class of every error a user can cause."""


class ArchitectureError(CAEError):
    """An architecture text, JSON document or layer that cannot be."""


class ImageError(CAEError):
    """An image that cannot be opened or used.

    Attributes:
        work: Pixels of an image that was decoded in vain.
    """

    work: int = 0


class DatasetError(CAEError):
    """A data set that cannot be found, read or split."""


class TrainingError(CAEError):
    """Settings that cannot be trained with."""


class RecordError(CAEError):
    """A file that the app keeps and cannot read; the reason only, for the error of a whole."""


class RunError(CAEError):
    """A run's folder that cannot be read or written."""


class ExportError(CAEError):
    """A network that cannot be saved as asked."""


class JobError(CAEError):
    """A background job that cannot be started or found."""


class WorkerError(CAEError):
    """A worker process that ended before its work, or did not start."""


class CompressionError(CAEError):
    """A compressed image that cannot be made or read."""


class ZooError(CAEError):
    """A pretrained network that cannot be found, read or used as asked."""


class PlaceError(CAEError):
    """A place where a command cannot save its result."""


class StoppedError(CAEError):
    """Work that ended because `should_stop()` said so; nothing half-done is left behind."""
